import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { recordedHashes } from './recorded-hashes.ts';

const script = fileURLToPath(new URL('./print-hashes.mjs', import.meta.url));

/** A newer Node: `BITKILN_NEWER_NODE`, or the one in the npm package for this platform where it is installed. */
function findNewerNode(): string | null {
  const named = process.env.BITKILN_NEWER_NODE;
  if (named !== undefined) return named;
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`node-${platform}-${arch}/package.json`);
    const binary = fileURLToPath(new URL('./bin/node', `file://${manifest}`));
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

const newer = findNewerNode();

/** Runs where there is another Node to compare with; every engine that runs this suite checks the same hashes. */
it.skipIf(newer === null)('a newer Node trains to the recorded bytes', () => {
  const version = execFileSync(newer!, ['--version'], { encoding: 'utf8' });
  expect(version.trim()).not.toBe(process.version);
  expect(JSON.parse(execFileSync(newer!, [script], { encoding: 'utf8' }))).toEqual(recordedHashes);
});
