import { expect, test } from 'vitest';
import {
  claimEvaluation,
  claimTrial,
  completeTrial,
  extendLease,
  failEvaluation,
  failTrial,
  type NumericsId,
  recordEpochs,
  releaseTrial,
  restartTrial,
  retryEvaluation,
  retryTrial,
  WrongStateError,
} from '../../src/index.ts';
import { useDatabase } from '../support/database.ts';
import {
  claim,
  epochRecord,
  finish,
  finishAll,
  newWorker,
  submit,
  waitingTrials,
} from '../support/experiment.ts';

const database = useDatabase();

const trialRow = (id: string) => database().prisma.trial.findUniqueOrThrow({ where: { id } });
const experimentRow = (id: string) =>
  database().prisma.experiment.findUniqueOrThrow({
    where: { id },
    include: { stages: { orderBy: { position: 'asc' } } },
  });

/** Records an epoch, then fails the trial until it is given up. */
async function failForGood(trialId: string): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const { fence } = await claim(database(), trialId);
    if (attempt === 1) await recordEpochs(database(), fence, [epochRecord(0)]);
    await failTrial(database(), fence, 'diverged');
  }
}

test('a failed trial that is retried goes on from its checkpoint with three attempts more', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [id] = await waitingTrials(database(), experimentId);
  await failForGood(id!);
  expect(await retryTrial(database(), id!, 'ann')).toEqual({ changed: true, state: 'queued' });
  expect(await retryTrial(database(), id!, 'ann')).toEqual({ changed: false, state: 'queued' });
  expect(await trialRow(id!)).toMatchObject({
    state: 'queued',
    failures: 0,
    failureReason: null,
    finishedAt: null,
  });
  expect((await experimentRow(experimentId)).stages[0]).toMatchObject({ failedTrials: 0, state: 'running' });
  const job = await database().prisma.outboxEntry.findFirst({ where: { jobId: `trial-${id}-4` } });
  expect(job).not.toBeNull();
  for (let attempt = 4; attempt < 6; attempt += 1) {
    const trial = await claim(database(), id!);
    expect(trial).toMatchObject({ fence: { attempt }, resume: { epochsDone: 1 } });
    expect((await failTrial(database(), trial.fence, 'diverged')).trialState).toBe('queued');
  }
  await finish(database(), await claim(database(), id!));
  expect((await experimentRow(experimentId)).stages[0]).toMatchObject({
    succeededTrials: 1,
    failedTrials: 0,
  });
  expect(await database().prisma.auditEntry.findMany({ where: { experimentId } })).toMatchObject([
    { actor: 'ann', action: 'trial.retry', trialId: id },
  ]);
});

test('retrying a trial of an experiment that failed over it brings the experiment back', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const ids = await waitingTrials(database(), experimentId);
  for (const id of ids) await failForGood(id);
  expect(await experimentRow(experimentId)).toMatchObject({ state: 'failed' });
  await retryTrial(database(), ids[1]!, 'ann');
  expect(await experimentRow(experimentId)).toMatchObject({
    state: 'running',
    failureReason: null,
    finishedAt: null,
    stages: [{ state: 'running', failedTrials: 1 }, { state: 'waiting' }, { state: 'waiting' }],
  });
  await finish(database(), await claim(database(), ids[1]!));
  await finishAll(database(), experimentId);
  expect(await experimentRow(experimentId)).toMatchObject({
    state: 'evaluating',
    stages: [{ pickedTrialId: ids[1] }, { state: 'succeeded' }, { state: 'succeeded' }],
  });
});

test('a trial that its stage went on without is not retried, nor one that succeeded', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [failed, done] = await waitingTrials(database(), experimentId);
  await failForGood(failed!);
  expect(await database().prisma.checkpoint.count({ where: { trialId: failed!, kind: 'latest' } })).toBe(1);
  await finish(database(), await claim(database(), done!));
  await expect(retryTrial(database(), failed!, 'ann')).rejects.toThrow(WrongStateError);
  await expect(restartTrial(database(), failed!, 'ann')).rejects.toThrow(/its float stage is succeeded/);
  await expect(retryTrial(database(), done!, 'ann')).rejects.toThrow(/is succeeded; expected failed/);
  // What it would have gone on from is not kept any longer.
  expect(await database().prisma.checkpoint.count({ where: { trialId: failed!, kind: 'latest' } })).toBe(0);
});

test('retries at once, and one against the end of the stage, count the trial once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const experimentId = await submit(database(), { trials: 2 });
    const [failed, last] = await waitingTrials(database(), experimentId);
    await failForGood(failed!);
    const { fence } = await claim(database(), last!);
    for (const epoch of [0, 1]) await recordEpochs(database(), fence, [epochRecord(epoch)]);
    const retry = () => retryTrial(database(), failed!, 'ann').catch((error) => error);
    const results = await Promise.all([retry(), completeTrial(database(), fence), retry()]);
    const changed = [results[0], results[2]].filter((result) => result.changed === true).length;
    const { stages } = await experimentRow(experimentId);
    if (changed === 0) {
      expect(stages[0]).toMatchObject({ state: 'succeeded', succeededTrials: 1, failedTrials: 1 });
      expect((await trialRow(failed!)).state).toBe('failed');
    } else {
      expect(changed).toBe(1);
      expect(stages[0]).toMatchObject({ state: 'running', succeededTrials: 1, failedTrials: 0 });
      await finish(database(), await claim(database(), failed!));
      expect((await experimentRow(experimentId)).stages[0]).toMatchObject({ state: 'succeeded' });
    }
  }
});

const other: NumericsId = { trainer: 'kiln', definition: 1, options: 'simd', reproducible: true };

test('a trial whose workers are gone starts from epoch 0 under another numerics id, and its old attempt is fenced off', async () => {
  const experimentId = await submit(database(), { trials: 1 });
  const [id] = await waitingTrials(database(), experimentId);
  const first = await claim(database(), id!);
  await recordEpochs(database(), first.fence, [epochRecord(0)]);
  await expect(restartTrial(database(), id!, 'ann')).rejects.toThrow(
    /is running; expected queued, preempted/,
  );
  await releaseTrial(database(), first.fence, 'drained');
  const input = { trialId: id!, workerId: await newWorker(database(), other), numericsId: other };
  expect((await claimTrial(database(), input)).outcome).toBe('other-numerics');

  expect(await restartTrial(database(), id!, 'ann')).toEqual({ changed: true });
  expect(await restartTrial(database(), id!, 'ann')).toEqual({ changed: false });
  expect(await trialRow(id!)).toMatchObject({
    state: 'queued',
    epochsDone: 0,
    trainedMs: 0,
    numericsId: null,
    bestLoss: null,
    bestAccuracy: null,
    attempt: 1,
  });
  expect(await database().prisma.epoch.count({ where: { trialId: id! } })).toBe(0);
  expect(await database().prisma.checkpoint.count({ where: { trialId: id! } })).toBe(0);
  expect(await experimentRow(experimentId)).toMatchObject({
    epochsDone: 0,
    trainedMs: 0,
    stages: [{ epochsDone: 0 }, {}, {}],
  });
  expect(await extendLease(database(), first.fence)).toMatchObject({ held: false });
  await expect(recordEpochs(database(), first.fence, [epochRecord(1)])).rejects.toThrow(
    /may not write any more/,
  );
  const jobs = await database().prisma.outboxEntry.findMany({ where: { jobId: `trial-${id}-2` } });
  expect(jobs).toMatchObject([{ queue: 'trials' }]);

  const again = await claim(database(), id!, { numericsId: other });
  expect(again).toMatchObject({ fence: { attempt: 2 }, resume: null });
  await finish(database(), again);
  expect(await trialRow(id!)).toMatchObject({ state: 'succeeded', numericsId: 'kiln/1/simd', epochsDone: 2 });
  expect(await experimentRow(experimentId)).toMatchObject({
    epochsDone: 2,
    stages: [{ epochsDone: 2 }, {}, {}],
  });
});

test('a failed trial whose checkpoint is damaged is restarted', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [id] = await waitingTrials(database(), experimentId);
  await failForGood(id!);
  await database().pool.query('DELETE FROM checkpoints WHERE trial_id = $1', [id]);
  await expect(retryTrial(database(), id!, 'ann')).rejects.toThrow(
    /was pruned; expected .*restart it instead/,
  );
  await restartTrial(database(), id!, 'ann');
  expect((await claim(database(), id!)).resume).toBeNull();
  expect((await experimentRow(experimentId)).stages[0]).toMatchObject({ failedTrials: 0, epochsDone: 0 });
});

test('an experiment that failed over its winner’s evaluation has it tried again', async () => {
  const experimentId = await submit(database());
  await expect(retryEvaluation(database(), experimentId, 'ann')).rejects.toThrow(WrongStateError);
  await finishAll(database(), experimentId);
  const workerId = await newWorker(database());
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const claimed = await claimEvaluation(database(), { experimentId, workerId });
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
    await failEvaluation(database(), claimed.evaluation.fence, 'no test images');
  }
  expect((await experimentRow(experimentId)).state).toBe('failed');
  expect(await retryEvaluation(database(), experimentId, 'ann')).toEqual({ changed: true });
  expect(await retryEvaluation(database(), experimentId, 'ann')).toEqual({ changed: false });
  const again = await claimEvaluation(database(), { experimentId, workerId });
  expect(again).toMatchObject({ outcome: 'claimed', evaluation: { fence: { attempt: 4 } } });
});
