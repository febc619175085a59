import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const bin = fileURLToPath(new URL('../bin/bitkiln.mjs', import.meta.url));
const stage = (trials: number, epochs: number) => ({ trials, epochs });

let home: string;
let file: string;

/** The real command, which starts a real Postgres, API and worker on a home folder of its own. */
function startRun(...args: string[]): { child: ChildProcess; output: { out: string; err: string } } {
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...env } = process.env;
  const child = spawn(process.execPath, [bin, 'run', file, '--port', '21400', '--workers', '1', ...args], {
    env: { ...env, BITKILN_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.err += chunk;
  });
  return { child, output };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'bitkiln-run-'));
  file = join(home, 'tiny.json');
  const protocol = { float: stage(2, 12), movingScales: stage(1, 1), frozenScales: stage(2, 1) };
  writeFileSync(file, JSON.stringify({ name: 'tiny', network: 'A(4,4) C(2,3x3) M(5) S(10)', protocol }));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('bitkiln run', () => {
  it('goes on after Ctrl-C and after a SIGKILL, and ends with the winner as one JSON line', async () => {
    const first = startRun('--exit', '--json');
    const firstEnd = once(first.child, 'exit');
    await until(() => first.output.err.includes('epoch 1/12'));
    first.child.kill('SIGINT');
    expect(await firstEnd).toEqual([130, null]);
    expect(first.output.err).toContain('the next start goes on from there');

    const killed = startRun('--exit', '--json');
    await until(() => killed.output.err.includes('going on with experiment'));
    const beside = await runCliHere('run', file, '--exit');
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    expect(beside.code).toBe(1);
    expect(beside.stderr).toMatch(/already runs here at http:\/\/127\.0\.0\.1:\d+ \(process \d+\)/);

    const last = startRun('--exit', '--json');
    expect(await once(last.child, 'exit')).toEqual([0, null]);
    expect(last.output.err).toContain('found running and taken over');
    expect(last.output.err).toContain('going on with experiment');
    const lines = last.output.out.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const { experimentId, winner } = JSON.parse(lines[0]!);
    expect(experimentId).toMatch(/^[0-9a-f-]{36}$/);
    expect(winner).toEqual({
      network: 'A(4,4) C(2,3x3)@w4b8a4 M(5,4) S(10)@w4b8a8',
      totalBytes: 61.5,
      validationLoss: expect.any(Number),
      validationAccuracy: expect.any(Number),
      testAccuracy: expect.any(Number),
    });
    expect(winner.testAccuracy).toBeGreaterThan(0.1);
    expect(winner.testAccuracy).toBeLessThan(1);
  }, 180_000);

  it('refuses a bad experiment with the field, and stops what it started', async () => {
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(good), seed: -1 }));
    const { child, output } = startRun('--exit', '--json');
    expect(await once(child, 'exit')).toEqual([1, null]);
    writeFileSync(file, good);
    expect(output.err).toContain('/seed: got -1, expected a whole number from 0 to 9007199254740991');
    expect(output.out).toBe('');
  }, 60_000);
});

async function runCliHere(...args: string[]) {
  process.env.BITKILN_HOME = home;
  try {
    return await runCli(...args);
  } finally {
    delete process.env.BITKILN_HOME;
  }
}
