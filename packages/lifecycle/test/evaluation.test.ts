import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  cancelExperiment,
  claimEvaluation,
  extendEvaluationLease,
  failEvaluation,
  recordWinner,
  releaseEvaluation,
  StaleAttemptError,
} from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { epochRecord, finishAll, newWorker, submit, unknownId } from './support/experiment.ts';

const database = useDatabase();
const files = { json: Buffer.from('{"a":1}'), h5: Buffer.from([137, 72, 68, 70]), version: '0.1.0' };
const winner = { testCorrect: 9911, testTotal: 10_000, ...files };

async function evaluating(trials = 3): Promise<string> {
  const id = await submit(database(), { trials });
  await finishAll(database(), id);
  return id;
}

async function claimed(experimentId: string, leaseMs?: number) {
  const workerId = await newWorker(database());
  const lease = leaseMs === undefined ? {} : { leaseMs };
  const result = await claimEvaluation(database(), { experimentId, workerId, ...lease });
  if (result.outcome !== 'claimed') throw new Error(`not claimed: ${result.outcome}`);
  return result.evaluation;
}

const experimentOf = (id: string) =>
  database().prisma.experiment.findUniqueOrThrow({ where: { id }, include: { model: true, stages: true } });

test('gives a worker the winner and where it comes from', async () => {
  const id = await evaluating();
  const evaluation = await claimed(id);
  const { pickedTrialId } = (await experimentOf(id)).stages.find(({ position }) => position === 2)!;
  expect(evaluation).toMatchObject({
    fence: { experimentId: id, attempt: 1 },
    experiment: { id, network: 'A(2,4) S(10)', seed: 2 ** 53 - 1, strategy: 'herringbone' },
    winner: {
      trialId: pickedTrialId,
      trialIndex: 2,
      numericsId: 'tensor/1/backend=cpu',
      reproducible: true,
      epoch: 0,
      validationLoss: 0.3 - 2 / 100,
      validationCorrect: 9020,
      validationTotal: 10_000,
    },
  });
  expect(evaluation.winner.parameters).toEqual(epochRecord(0).checkpoint.parameters);
});

test('records the winner once, with its files, and ends the experiment', async () => {
  const id = await evaluating();
  const { fence, winner: chosen } = await claimed(id);
  const results = await Promise.all([1, 2, 3, 4].map(() => recordWinner(database(), fence, winner)));
  expect(results.filter(({ recorded }) => recorded)).toHaveLength(1);
  const { model, ...experiment } = await experimentOf(id);
  expect(experiment.state).toBe('succeeded');
  expect(experiment.finishedAt).not.toBeNull();
  expect(model).toMatchObject({
    trialId: chosen.trialId,
    testCorrect: 9911,
    testTotal: 10_000,
    version: '0.1.0',
  });
  expect(Buffer.from(model!.json)).toEqual(files.json);
  expect(Buffer.from(model!.h5)).toEqual(files.h5);
  const events = await database().prisma.event.findMany({
    where: { experimentId: id, type: 'experiment.succeeded' },
  });
  expect(events).toMatchObject([{ data: { trialId: chosen.trialId, testCorrect: 9911, testTotal: 10_000 } }]);
});

test('of workers that claim at once, exactly one evaluates', async () => {
  const id = await evaluating(1);
  const workers = await Promise.all([1, 2, 3, 4, 5].map(() => newWorker(database())));
  const results = await Promise.all(
    workers.map((workerId) => claimEvaluation(database(), { experimentId: id, workerId })),
  );
  expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
});

test('a lapsed, released or failed attempt can write no more', async () => {
  const id = await evaluating(1);
  const lapsed = await claimed(id, 200);
  await sleep(250);
  const released = await claimed(id);
  await expect(recordWinner(database(), lapsed.fence, winner)).rejects.toMatchObject({ reason: 'preempted' });
  expect(await extendEvaluationLease(database(), lapsed.fence)).toEqual({ held: false, reason: 'preempted' });
  expect(await extendEvaluationLease(database(), released.fence)).toEqual({ held: true });
  expect(await releaseEvaluation(database(), released.fence, 'drained')).toBe(true);
  expect(await releaseEvaluation(database(), released.fence, 'drained')).toBe(false);
  await expect(recordWinner(database(), released.fence, winner)).rejects.toThrow(StaleAttemptError);
  const failed = await claimed(id);
  expect(failed.fence.attempt).toBe(3);
  expect(await failEvaluation(database(), failed.fence, 'no disk')).toEqual({
    experimentState: 'evaluating',
  });
  await expect(recordWinner(database(), failed.fence, winner)).rejects.toThrow(StaleAttemptError);
  expect((await experimentOf(id)).model).toBeNull();
  const jobs = await database().prisma.outboxEntry.findMany({
    where: { jobId: { startsWith: `evaluation-${id}` } },
  });
  expect(jobs.map(({ jobId }) => jobId.slice(-2))).toEqual(['-0', '-1', '-2', '-3']);
});

test('the third failure fails the experiment with the reason', async () => {
  const id = await evaluating(1);
  for (const expected of ['evaluating', 'evaluating', 'failed']) {
    const { fence } = await claimed(id);
    expect(await failEvaluation(database(), fence, 'no test images')).toEqual({ experimentState: expected });
  }
  expect(await experimentOf(id)).toMatchObject({
    state: 'failed',
    failureReason: 'the winner could not be evaluated: no test images',
  });
});

test('a cancelled experiment has no winner', async () => {
  const id = await evaluating(1);
  const { fence } = await claimed(id);
  await cancelExperiment(database(), id);
  await expect(recordWinner(database(), fence, winner)).rejects.toMatchObject({ reason: 'cancelled' });
  expect(await extendEvaluationLease(database(), fence)).toEqual({ held: false, reason: 'cancelled' });
  expect(await experimentOf(id)).toMatchObject({ state: 'cancelled', model: null });
});

test('says that there is nothing to evaluate', async () => {
  const workerId = await newWorker(database());
  const id = await submit(database());
  expect(await claimEvaluation(database(), { experimentId: id, workerId })).toEqual({
    outcome: 'unavailable',
    state: 'queued',
  });
  expect(await claimEvaluation(database(), { experimentId: unknownId(), workerId })).toEqual({
    outcome: 'unavailable',
    state: 'unknown',
  });
});

test('refuses counts that cannot be', async () => {
  const id = await evaluating(1);
  const { fence } = await claimed(id);
  expect(() => recordWinner(database(), fence, { ...winner, testCorrect: 10_001 })).toThrow(/10001 of 10000/);
});
