import { createTestDatabase } from '@bitkiln/infra/testing';
import {
  connectDatabase,
  type Database,
  deleteExperiment,
  pauseExperiment,
  repeatTrial,
  resumeExperiment,
} from '@bitkiln/lifecycle';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { submitTiny } from './support/experiment.ts';
import { type LogLine, type SpawnedWorker, spawnWorker } from './support/spawn-worker.ts';

vi.setConfig({ testTimeout: 240_000 });

let database: Database;
let worker: SpawnedWorker;

beforeAll(async () => {
  const url = await createTestDatabase();
  database = await connectDatabase(url);
  worker = spawnWorker({ DATABASE_URL: url, LOG_LEVEL: 'debug' });
});
afterAll(async () => {
  await worker?.end('SIGKILL');
  await database?.close();
});

const oneTrial = { movingScales: { trials: 1, epochs: 1 }, frozenScales: { trials: 1, epochs: 1 } };
const firstTrial = (experimentId: string) =>
  database.prisma.trial.findFirstOrThrow({
    where: { experimentId, stageName: 'float', index: 0 },
    include: { epochs: true, attempts: true },
  });
const of =
  (trial: string, message: string) =>
  (line: LogLine): boolean =>
    line.trial === trial && line.msg.includes(message);

test('a worker hands a paused trial back behind its epoch, lives on, and goes on with it to the same bytes', async () => {
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 40 }, ...oneTrial });
  const { id } = await firstTrial(experimentId);
  await worker.line((line) => of(id, 'epoch recorded')(line) && line.epoch === 1);
  await pauseExperiment(database, experimentId, 'test');
  await worker.line(of(id, 'handed back'));
  const paused = await firstTrial(experimentId);
  expect(paused).toMatchObject({ state: 'preempted', failures: 0 });
  expect(paused.epochs).toHaveLength(paused.epochsDone);
  expect(paused.epochsDone).toBeLessThan(40);
  expect(paused.attempts).toMatchObject([{ state: 'preempted', reason: 'the experiment is paused' }]);

  // Meanwhile it works for others.
  const other = await submitTiny(database, { float: { trials: 1, epochs: 1 }, ...oneTrial });
  await worker.line(of((await firstTrial(other)).id, 'trial completed'));
  expect((await firstTrial(experimentId)).attempts).toHaveLength(1);

  await resumeExperiment(database, experimentId, 'test');
  await worker.line(of(id, 'trial completed'));
  const done = await firstTrial(experimentId);
  expect(done.epochs).toHaveLength(40);
  expect(done.attempts.map(({ startEpoch }) => startEpoch)).toEqual([0, paused.epochsDone]);

  // Trained in one piece, it comes to the same bytes.
  const { repeatId } = await repeatTrial(database, id, 'test');
  await worker.line(of(repeatId, 'trial completed'));
  expect(await database.prisma.trial.findUniqueOrThrow({ where: { id: repeatId } })).toMatchObject({
    repeatEqual: true,
    repeatDifference: null,
    attempt: 1,
  });
});

test('a worker drops a trial whose experiment is deleted, within moments', async () => {
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 500 }, ...oneTrial });
  const { id } = await firstTrial(experimentId);
  await worker.line(of(id, 'epoch recorded'));
  const asked = performance.now();
  await deleteExperiment(database, experimentId, 'test');
  const stopped = await worker.line(of(id, 'nothing more is written'));
  expect(stopped.reason).toBe('unknown');
  expect(performance.now() - asked).toBeLessThan(5000);
});
