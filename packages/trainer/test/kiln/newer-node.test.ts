import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureNewerNode } from '@bitkiln/infra/testing';
import { expect, it } from 'vitest';
import { recordedHashes } from './recorded-hashes.ts';

const script = fileURLToPath(new URL('./print-hashes.mjs', import.meta.url));

it('trains to the recorded bytes under a newer Node', async () => {
  const newer = await ensureNewerNode();
  const version = execFileSync(newer, ['--version'], { encoding: 'utf8' });
  expect(version.trim()).not.toBe(process.version);
  expect(JSON.parse(execFileSync(newer, [script], { encoding: 'utf8' }))).toEqual(recordedHashes);
}, 300_000);
