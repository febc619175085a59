import { setTimeout as sleep } from 'node:timers/promises';
import { compileIntegerNetwork, createIntegerEngine, evaluate, readModelJson } from '@bitkiln/core';
import { loadDataset } from '@bitkiln/datasets';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { cancelExperiment, connectDatabase, type Database, openQueue } from '@bitkiln/lifecycle';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { freshTrialQueue } from '../../../packages/lifecycle/src/queue-names.ts';
import { submitTiny } from './support/experiment.ts';
import { type LogLine, type SpawnedWorker, spawnWorker } from './support/spawn-worker.ts';
import { startTcpProxy } from './support/tcp-proxy.ts';

vi.setConfig({ testTimeout: 240_000 });

let url: string;
let database: Database;
const workers: SpawnedWorker[] = [];

beforeAll(async () => {
  url = await createTestDatabase();
  database = await connectDatabase(url);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.end('SIGKILL')));
});
afterAll(() => database.close());

function worker(args: readonly string[] = [], databaseUrl = url): SpawnedWorker {
  const started = spawnWorker({ DATABASE_URL: databaseUrl, LOG_LEVEL: 'debug' }, args);
  workers.push(started);
  return started;
}

const epochLine =
  (epoch: number) =>
  ({ msg, epoch: recorded }: LogLine) =>
    msg === 'epoch recorded' && recorded === epoch;
const says = (message: string) => (line: LogLine) => line.msg.includes(message);

const oneTrial = { movingScales: { trials: 1, epochs: 1 }, frozenScales: { trials: 1, epochs: 1 } };

/** An experiment's float trials, each with its attempts and epochs in order. */
function floatTrials(experimentId: string) {
  return database.prisma.trial.findMany({
    where: { experimentId, stageName: 'float' },
    orderBy: { index: 'asc' },
    include: { attempts: { orderBy: { number: 'asc' } }, epochs: { orderBy: { epoch: 'asc' } } },
  });
}

test('two slots of a process train an experiment to its winner, and SIGTERM ends it with code 0', async () => {
  const experimentId = await submitTiny(database, {
    float: { trials: 2, epochs: 2 },
    movingScales: { trials: 2, epochs: 1 },
    frozenScales: { trials: 2, epochs: 1 },
  });
  const started = worker(['--threads', '2', '--name', 'forge']);
  const first = await started.line(says('trains with kiln/1/simd=plain at'));
  expect(first.samplesPerSecond).toEqual([expect.any(Number), expect.any(Number)]);
  await started.line(says('winner recorded'));
  expect(await started.end('SIGTERM')).toBe(0);

  const experiment = await database.prisma.experiment.findUniqueOrThrow({
    where: { id: experimentId },
    include: { trials: { include: { epochs: true, attempts: true } }, model: true },
  });
  expect(experiment.state).toBe('succeeded');
  expect(experiment.trials).toHaveLength(6);
  for (const trial of experiment.trials) {
    expect(trial).toMatchObject({ state: 'succeeded', attempt: 1, numericsId: 'kiln/1/simd=plain' });
    expect(trial).toMatchObject({
      reproducible: true,
      epochs: { length: trial.stageName === 'float' ? 2 : 1 },
    });
  }
  // A stage goes on from the one before: its first epoch is better than a fresh trial's.
  const loss = (stage: string) =>
    experiment.trials.find((trial) => trial.stageName === stage)!.epochs[0]!.validationLoss;
  expect(loss('frozenScales')).toBeLessThan(loss('float'));

  const rows = await database.prisma.worker.findMany({ orderBy: { device: 'asc' } });
  expect(rows).toMatchObject([
    { host: 'forge', device: 'cpu:0', state: 'retired' },
    { host: 'forge', device: 'cpu:1', state: 'retired' },
  ]);
  expect(rows[0]!.samplesPerSecond).toBeGreaterThan(0);
  expect(new Set(experiment.trials.map(({ attempts }) => attempts[0]!.workerId))).toEqual(
    new Set(rows.map(({ id }) => id)),
  );

  const model = experiment.model!;
  const { program, parameters, provenance } = readModelJson(new TextDecoder().decode(model.json));
  const engine = createIntegerEngine(compileIntegerNetwork({ program, parameters }));
  const { test: images } = await loadDataset('mnist');
  const { correct, total } = evaluate((image) => engine.logits(image), images);
  expect({ correct, total }).toEqual({ correct: model.testCorrect, total: model.testTotal });
  expect(correct).toBeGreaterThan(7000);
  expect(provenance).toMatchObject({ experimentId, trialId: model.trialId, dataHash: experiment.dataHash });
});

test('SIGTERM hands a trial back; a worker of its numerics id goes on, and no other', async () => {
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 20 }, ...oneTrial });
  const first = worker();
  await first.line(epochLine(1));
  // As Ctrl-C arrives: from the terminal, and again from the process that started it.
  first.process.kill('SIGINT');
  expect(await first.end('SIGTERM')).toBe(0);
  expect(first.lines.some(says('handed back'))).toBe(true);
  const [handedBack] = await floatTrials(experimentId);
  const { epochsDone } = handedBack!;
  // The epoch in hand was finished and kept.
  expect(epochsDone).toBeGreaterThanOrEqual(3);
  expect(epochsDone).toBeLessThan(20);
  expect(handedBack).toMatchObject({ state: 'preempted', failures: 0, preemptions: 1 });
  expect(handedBack!.attempts).toMatchObject([{ state: 'preempted', reason: 'the worker is shutting down' }]);

  // A wake-up in the queue of all workers, as if one had gone astray.
  const queue = await openQueue({ databaseUrl: url });
  const payload = { kind: 'trial', trialId: handedBack!.id } as const;
  await queue.enqueue([{ jobId: 'astray', queue: freshTrialQueue, payload }]);
  await queue.close();
  const other = worker(['--backend', 'wasm']);
  await other.line((line) => line.msg === 'trial not claimed' && line.outcome === 'other-numerics');
  expect(await other.end('SIGTERM')).toBe(0);
  expect(await floatTrials(experimentId)).toMatchObject([{ state: 'preempted', epochsDone }]);

  const second = worker();
  const claim = await second.line(says('trial claimed'));
  expect(claim).toMatchObject({ trial: handedBack!.id, attempt: 2, startEpoch: epochsDone });
  await second.line(says('trial completed'));
  const [finished] = await floatTrials(experimentId);
  expect(finished!.epochs.map(({ epoch, attempt }) => [epoch, attempt])).toEqual(
    Array.from({ length: 20 }, (_, epoch) => [epoch, epoch < epochsDone ? 1 : 2]),
  );
  await cancelExperiment(database, experimentId);
});

test('of two workers one trains a trial, and drops it once it is cancelled', async () => {
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 500 }, ...oneTrial });
  const [trial] = await floatTrials(experimentId);
  const queue = await openQueue({ databaseUrl: url });
  const payload = { kind: 'trial', trialId: trial!.id } as const;
  await queue.enqueue([1, 2, 3, 4].map((i) => ({ jobId: `again-${i}`, queue: freshTrialQueue, payload })));
  await queue.close();
  const pair = [worker(), worker()];
  const winner = await Promise.any(pair.map((each) => each.line(epochLine(1)).then(() => each)));
  const idle = pair.find((each) => each !== winner)!;
  await idle.line(says('trains with'));
  await winner.line(epochLine(3));
  expect(idle.lines.some(says('trial claimed'))).toBe(false);
  expect((await floatTrials(experimentId))[0]!.attempts).toHaveLength(1);

  await cancelExperiment(database, experimentId);
  const stopped = await winner.line(says('nothing more is written'));
  expect(stopped.reason).toBe('cancelled');
  const [cancelled] = await floatTrials(experimentId);
  expect(cancelled!.state).toBe('cancelled');

  // Neither is the worse for it: the next experiment is trained.
  const next = await submitTiny(database, { float: { trials: 2, epochs: 1 }, ...oneTrial });
  await Promise.any(
    pair.map((each) => each.line(({ experiment, msg }) => experiment === next && msg === 'trial completed')),
  );
  expect((await floatTrials(experimentId))[0]!.epochs).toHaveLength(cancelled!.epochs.length);
  await cancelExperiment(database, next);
});

test('a worker that was paused past its lease writes no more, and says so', async () => {
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 30 }, ...oneTrial });
  const paused = worker();
  const { trial } = await paused.line(epochLine(1));
  paused.process.kill('SIGSTOP');
  const other = worker();
  const claim = await other.line(says('trial claimed'));
  expect(claim).toMatchObject({ trial, attempt: 2 });
  paused.process.kill('SIGCONT');
  const stopped = await paused.line(says('nothing more is written'));
  expect(stopped).toMatchObject({ trial, attempt: 1, reason: 'preempted' });
  await other.line(says('trial completed'));
  const [finished] = await floatTrials(experimentId);
  expect(finished).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0, preemptions: 1 });
  expect(finished!.epochs.map(({ epoch, attempt }) => [epoch, attempt])).toEqual(
    Array.from({ length: 30 }, (_, epoch) => [epoch, epoch < (claim.startEpoch as number) ? 1 : 2]),
  );
  await cancelExperiment(database, experimentId);
});

test('a database that is away for a moment costs no epoch and no attempt', async () => {
  const target = new URL(url);
  const proxy = await startTcpProxy(Number(target.port));
  const through = new URL(url);
  through.port = String(proxy.port);
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 20 }, ...oneTrial });
  const cut = worker([], through.href);
  await cut.line(epochLine(0));
  proxy.cut();
  await sleep(1500);
  proxy.mend();
  await cut.line(says('trial completed'));
  const [trial] = await floatTrials(experimentId);
  expect(trial).toMatchObject({ state: 'succeeded', attempt: 1, failures: 0, preemptions: 0 });
  expect(trial!.epochs.map(({ epoch, attempt }) => [epoch, attempt])).toEqual(
    Array.from({ length: 20 }, (_, epoch) => [epoch, 1]),
  );
  expect(cut.lines.some(says('trying again'))).toBe(true);
  await cancelExperiment(database, experimentId);
  await cut.end('SIGKILL');
  await proxy.close();
});

test('bad usage ends it with code 2 and one line', async () => {
  const wrong = worker(['--threads', 'many']);
  expect(await wrong.end('SIGCONT')).toBe(2);
  expect(wrong.printed).toEqual([
    'error: --threads (BITKILN_THREADS) is "many"; expected a whole number from 1 to 256',
  ]);
});
