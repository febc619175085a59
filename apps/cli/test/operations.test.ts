import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@bitkiln/infra';
import { createTestDatabase } from '@bitkiln/infra/testing';
import {
  claimTrial,
  completeTrial,
  connectDatabase,
  type Database,
  type Fence,
  failTrial,
  recordEpochs,
  registerWorker,
  releaseTrial,
  submitExperiment,
} from '@bitkiln/lifecycle';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCliWith } from './run-cli.ts';

const server = fileURLToPath(new URL('../../api/src/server.ts', import.meta.url));
const numericsId = { trainer: 'kiln', definition: 1, options: 'simd', reproducible: true };
const unknown = '0198c0de-0000-7000-8000-000000000000';

let home: string;
let api: ChildProcess;
let environment: Record<string, string>;
let database: Database;
let workerId: string;

/** The real command against a real API; this test's own process works as the worker. */
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'bitkiln-operations-'));
  const DATABASE_URL = await createTestDatabase();
  const PORT = String(await freePort());
  environment = { DATABASE_URL, BITKILN_HOME: home, BITKILN_URL: `http://127.0.0.1:${PORT}` };
  api = spawn(process.execPath, ['--import', 'tsx', server], {
    env: { ...process.env, ...environment, PORT, LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(api.stdout!, 'data');
  database = await connectDatabase(DATABASE_URL);
  ({ workerId } = await registerWorker(database, {
    host: 'test',
    pid: process.pid,
    device: 'cpu:0',
    numericsId,
    version: '0.1.0',
  }));
  // It gives no signs of life, and is not to count as lost.
  await database.pool.query(`UPDATE workers SET heartbeat_at = now() + interval '1 hour'`);
});
afterAll(async () => {
  await database?.close();
  if (api !== undefined && api.exitCode === null) {
    api.kill('SIGTERM');
    await once(api, 'exit');
  }
  await rm(home, { recursive: true, force: true });
});

const cli = (...args: string[]) => runCliWith(environment, ...args);

async function submit(): Promise<{ id: string; trials: string[] }> {
  const stage = {
    trials: 2,
    epochs: 2,
    batchSize: 1024,
    learningRate: { initial: 0.005, decay: 1, minimum: 0 },
  };
  const { experimentId } = await submitExperiment(database, {
    name: 'operations',
    dataset: 'mnist',
    augmentation: 'none',
    network: 'A(2,4) S(10)',
    input: { rows: 28, cols: 28, channels: 1 },
    classes: 10,
    strategy: 'herringbone',
    budgetBytes: 2048,
    weightBytes: 990,
    activationBytes: 98,
    seed: 1,
    protocol: { float: stage, movingScales: stage, frozenScales: stage },
  });
  const trials = await database.prisma.trial.findMany({
    where: { experimentId },
    orderBy: { index: 'asc' },
  });
  return { id: experimentId, trials: trials.map(({ id }) => id) };
}

/** Claims a trial and records epochs whose figures tell trials apart by nothing but `shift`. */
async function train(trialId: string, epochs: number, shift = 0): Promise<Fence> {
  const claimed = await claimTrial(database, { trialId, workerId, numericsId, leaseMs: 600_000 });
  if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
  const { fence, resume } = claimed.trial;
  for (let epoch = resume?.epochsDone ?? 0; epoch < epochs; epoch += 1) {
    const vector = new Float32Array(4).fill(epoch);
    await recordEpochs(database, fence, [
      {
        epoch,
        learningRate: 0.005,
        trainLoss: 1 / (epoch + 1) + shift,
        validationLoss: 1 / (epoch + 1),
        validationCorrect: 9000,
        validationTotal: 10_000,
        durationMs: 1,
        checkpoint: {
          epochsDone: epoch + 1,
          steps: epoch + 1,
          parameters: vector,
          firstMoment: vector,
          secondMoment: vector,
        },
      },
    ]);
  }
  return fence;
}

test('pause, resume and cancel say how the experiment stands, and repeat without harm', async () => {
  const { id } = await submit();
  const paused = await cli('pause', id);
  expect(paused).toMatchObject({ code: 0, stderr: '' });
  expect(paused.stdout).toMatch(
    new RegExp(`^experiment ${id} is paused since 20.*; go on with: npx bitkiln resume ${id}\n$`),
  );
  expect(JSON.parse((await cli('pause', id, '--json')).stdout)).toMatchObject({ id, state: 'queued' });
  expect((await cli('resume', id)).stdout).toBe(`experiment ${id} goes on (queued)\n`);
  expect((await cli('cancel', id)).stdout).toBe(`experiment ${id} is cancelled\n`);
  expect((await cli('cancel', id)).code).toBe(0);
  expect(await cli('pause', id)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `error: experiment ${id} is cancelled; expected one that is under way\n`,
  });
});

test('retry, restart, repeat and invalidate say how the trial stands', async () => {
  const { trials } = await submit();
  const [first, second] = trials as [string, string];
  for (let i = 0; i < 3; i += 1) await failTrial(database, await train(first, 1), 'diverged');
  expect((await cli('retry', first)).stdout).toBe(
    `trial 0 of the float stage (${first}) is queued with 1 of 2 epochs\n`,
  );
  await releaseTrial(database, await train(first, 1), 'drained');
  const setState = (state: string) =>
    database.pool.query('UPDATE workers SET state = $2::worker_state WHERE id = $1', [workerId, state]);
  await setState('draining');
  const lonely = await cli('retry', first);
  expect(lonely.stdout).toContain(
    `no worker online has its numerics id kiln/1/simd; start it afresh with: npx bitkiln restart ${first}`,
  );
  await setState('online');
  expect((await cli('restart', first)).stdout).toContain('is queued with 0 of 2 epochs\n');

  await completeTrial(database, await train(first, 2));
  const repeating = cli('repeat', first, '--wait', '--json');
  const repeatOf = async () => database.prisma.trial.findFirst({ where: { repeatOf: first } });
  await expect.poll(repeatOf, { timeout: 30_000 }).not.toBeNull();
  const repeat = (await repeatOf())!;
  await completeTrial(database, await train(repeat.id, 2, 0.5));
  const repeated = await repeating;
  expect(repeated.code).toBe(1);
  expect(JSON.parse(repeated.stdout)).toMatchObject({
    id: repeat.id,
    repeat: { equal: false, difference: 'epoch 0: train loss is 1.5; expected 1' },
  });
  expect((await cli('invalidate', second, '--reason', 'wrong images')).stdout).toBe(
    `trial 1 of the float stage (${second}) is cancelled with 0 of 2 epochs; it is invalid: wrong images\n`,
  );
});

test('a backup is restored after everything was deleted, byte for byte the same', async () => {
  const { id, trials } = await submit();
  await completeTrial(database, await train(trials[0]!, 2));
  expect((await cli('disk', id)).stdout).toMatch(/ 16 bytes {2}1 lowestLoss checkpoints\n/);
  const file = join(home, 'all.bitkiln');
  expect((await cli('backup', file)).stdout).toMatch(/all\.bitkiln: \d+ experiments with \d+ trials in /);
  expect(await cli('delete', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('say --yes') });
  expect((await cli('delete', id, '--yes')).stdout).toBe(`experiment ${id} is deleted\n`);
  expect((await cli('delete', unknown, '--yes')).stderr).toBe(`error: there is no experiment ${unknown}\n`);

  const fresh = await createTestDatabase();
  const restored = await runCliWith({ ...environment, DATABASE_URL: fresh }, 'restore', file, '--json');
  expect(restored.code).toBe(0);
  const copy = await connectDatabase(fresh);
  const checkpoints = await copy.prisma.checkpoint.findMany({ where: { trialId: trials[0]! } });
  const trial = await copy.prisma.trial.findUniqueOrThrow({ where: { id: trials[0]! } });
  await copy.close();
  expect(trial.experimentId).toBe(id);
  expect(checkpoints.map(({ kind }) => kind).sort()).toEqual(['highestAccuracy', 'lowestLoss']);
  expect((await cli('restore', file)).stderr).toMatch(/error: a service uses the database/);
});

test('prune tells what would go, and removes it', async () => {
  const { id, trials } = await submit();
  await completeTrial(database, await train(trials[0]!, 2));
  await cli('cancel', id);
  await database.pool.query(`UPDATE experiments SET finished_at = now() - interval '9 days' WHERE id = $1`, [
    id,
  ]);
  expect((await cli('prune')).stdout).toBe('removed 0 bytes of 0 experiments\n');
  const dry = (await cli('prune', '--older-than', '1w', '--dry-run')).stdout;
  expect(dry).toMatch(
    new RegExp(`^would remove 2 checkpoints of ${id} \\(operations, ended .*\\): 32 bytes\n`),
  );
  const pruned = JSON.parse((await cli('prune', '--older-than', '1w', '--json')).stdout);
  expect(pruned).toMatchObject({
    dryRun: false,
    complete: true,
    bytes: 32,
    experiments: [{ id, checkpoints: 2 }],
  });
  const whole = (await cli('prune', '--older-than', '1w', '--experiments')).stdout;
  expect(whole).toMatch(new RegExp(`^removed all of ${id} `));
});

test.each([
  [['pause'], /missing required argument 'id'/],
  [['pause', 'x'], /Expected a UUID/],
  [['invalidate', unknown], /required option '--reason/],
  [['prune', '--older-than', 'long'], /Expected hours, days or weeks/],
])('bad usage: %j', async (args, message) => {
  const result = await cli(...args);
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(message);
});
