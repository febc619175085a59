import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { experimentBodies } from './driver/experiments.ts';
import { type PostgresServer, startPostgresServer } from './driver/postgres-server.ts';
import { runChecker } from './driver/run-checker.ts';
import { runPhase } from './driver/run-phase.ts';
import { writeSampleDataset } from './driver/sample-dataset.ts';
import type { PlannedFault } from './driver/schedule.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** The checker itself is on trial here: a life cycle that is broken on purpose must not pass it. */
let root: string;
let postgres: PostgresServer;
let undisturbedUrl: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bitkiln-sabotage-'));
  await mkdir(join(root, 'postgres'));
  await writeSampleDataset(join(root, 'datasets'));
  postgres = await startPostgresServer(join(root, 'postgres'));
  undisturbedUrl = (await run('undisturbed', [])).databaseUrl;
});
afterAll(async () => {
  await postgres?.stop();
  await rm(root, { recursive: true, force: true });
});

/** One worker trains one experiment under the faults. */
async function run(name: string, faults: readonly PlannedFault[], workerPreloads: readonly string[] = []) {
  const databaseUrl = await postgres.createDatabase(name);
  const folder = join(root, name);
  await runPhase({
    queue: 'postgres',
    postgres,
    databaseUrl,
    folder,
    faults,
    workerPreloads,
    workers: 1,
    datasets: join(root, 'datasets'),
    bodies: experimentBodies(7, 1),
    underWay: 0,
    settleMs: 20_000,
    say: () => undefined,
  });
  return { databaseUrl, folder };
}

const preload = (name: string) => new URL(`./sabotage/${name}.mjs`, import.meta.url).href;
const paused: PlannedFault = { atMs: 0, kind: 'worker-pause', slot: 0, strength: 0 };
const completionCut: PlannedFault = { atMs: 0, kind: 'database-cut-at-commit', slot: 0, strength: 0.9 };

async function verdict(run: { databaseUrl: string; folder: string }) {
  return runChecker(run.databaseUrl, undisturbedUrl, run.folder);
}

test('a whole life cycle passes: a paused worker is refused, a repeated completion counts once', async () => {
  const { exitCode, findings } = await verdict(
    await run('whole', [paused, { ...completionCut, atMs: 7000 }]),
  );
  expect(findings).toMatchObject({ problems: [], lost: 0, duplicated: 0, staleWrites: 0 });
  expect(findings.winnerBytesEqual).toBe(true);
  expect(findings.staleAttemptsRefused).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
});

test('with the fence broken, a paused worker goes on writing: the checker finds stale writes', async () => {
  const { exitCode, findings } = await verdict(await run('fence', [paused], [preload('fence')]));
  expect(findings.staleWrites).toBeGreaterThan(0);
  expect(exitCode).toBe(1);
});

test('with the idempotence broken, a completion whose reply was cut off counts twice: the checker finds it', async () => {
  const { exitCode, findings } = await verdict(
    await run('idempotence', [completionCut], [preload('idempotence')]),
  );
  expect(findings.duplicated).toBeGreaterThan(0);
  expect(exitCode).toBe(1);
});
