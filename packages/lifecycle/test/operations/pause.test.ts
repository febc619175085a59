import { expect, test } from 'vitest';
import {
  cancelExperiment,
  claimEvaluation,
  claimTrial,
  completeTrial,
  NotFoundError,
  openQueue,
  pauseExperiment,
  reconcile,
  recordEpochs,
  relayOutbox,
  releaseTrial,
  resumeExperiment,
  WrongStateError,
} from '../../src/index.ts';
import { useDatabase } from '../support/database.ts';
import {
  claim,
  epochRecord,
  finishAll,
  newWorker,
  numerics,
  submit,
  unknownId,
  waitingTrials,
} from '../support/experiment.ts';

const database = useDatabase();

const tryClaim = async (trialId: string) =>
  claimTrial(database(), { trialId, workerId: await newWorker(database()), numericsId: numerics });
const eventTypes = async (experimentId: string) =>
  (await database().prisma.event.findMany({ where: { experimentId }, orderBy: { sequence: 'asc' } })).map(
    ({ type }) => type,
  );
const auditOf = (experimentId: string) =>
  database().prisma.auditEntry.findMany({ where: { experimentId }, orderBy: { id: 'asc' } });

test('a paused experiment gives out no trial, its running one keeps its epoch, and both go on after resuming', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [running, waiting] = await waitingTrials(database(), experimentId);
  const { fence } = await claim(database(), running!);
  expect(await pauseExperiment(database(), experimentId, 'ann')).toEqual({ changed: true });
  expect(await pauseExperiment(database(), experimentId, 'ann')).toEqual({ changed: false });
  expect(await tryClaim(waiting!)).toEqual({ outcome: 'paused' });
  expect(await recordEpochs(database(), fence, [epochRecord(0)])).toMatchObject({
    recorded: [{ epoch: 0 }],
    paused: true,
  });
  expect(await recordEpochs(database(), fence, [epochRecord(0)])).toMatchObject({
    recorded: [],
    paused: true,
  });
  expect(await releaseTrial(database(), fence, 'the experiment is paused')).toBe(true);
  expect(await tryClaim(running!)).toEqual({ outcome: 'paused' });

  expect(await resumeExperiment(database(), experimentId, 'bob')).toEqual({ changed: true });
  expect(await resumeExperiment(database(), experimentId, 'bob')).toEqual({ changed: false });
  const again = await claim(database(), running!);
  expect(again.resume?.epochsDone).toBe(1);
  expect(await recordEpochs(database(), again.fence, [epochRecord(1)])).toMatchObject({ paused: false });
  expect(await completeTrial(database(), again.fence)).toMatchObject({ counted: true });
  const row = await database().prisma.trial.findUniqueOrThrow({ where: { id: running! } });
  expect(row).toMatchObject({ state: 'succeeded', failures: 0, preemptions: 1 });
  const types = await eventTypes(experimentId);
  expect(types.filter((type) => /paused|resumed/.test(type))).toEqual([
    'experiment.paused',
    'experiment.resumed',
  ]);
  expect(await auditOf(experimentId)).toMatchObject([
    { actor: 'ann', action: 'experiment.pause' },
    { actor: 'bob', action: 'experiment.resume' },
  ]);
});

test('no wake-up is asked after while it is paused, and every one is sent again after', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  const queue = await openQueue({ databaseUrl: database().url });
  const age = () =>
    database().pool.query(
      `UPDATE trials SET dispatched_at = now() - interval '1 minute'
        WHERE experiment_id = $1 AND dispatched_at IS NOT NULL`,
      [experimentId],
    );
  try {
    await database().pool.query('DELETE FROM outbox');
    await pauseExperiment(database(), experimentId, 'ann');
    await age();
    expect(await reconcile(database(), queue)).toMatchObject({ resent: 0 });
    const trials = () => database().prisma.trial.findMany({ where: { experimentId } });
    expect((await trials()).map(({ dispatchedAt }) => dispatchedAt)).toEqual([null, null, null]);
    await resumeExperiment(database(), experimentId, 'ann');
    expect(await relayOutbox(database(), queue)).toBe(3);
    const taken = [];
    const consumer = queue.consumer(numerics);
    for (let i = 0; i < 3; i += 1) {
      const job = await consumer.next(AbortSignal.timeout(5000));
      if (job?.payload.kind === 'trial') taken.push(job.payload.trialId);
      await job?.done();
    }
    await consumer.close();
    expect(taken.sort()).toEqual((await waitingTrials(database(), experimentId)).sort());
    await database().pool.query('DELETE FROM bullmq.job');
    await age();
    expect(await reconcile(database(), queue)).toMatchObject({ resent: 3 });
  } finally {
    await queue.close();
  }
});

test('a winner waits for its evaluation while the experiment is paused', async () => {
  const experimentId = await submit(database());
  await finishAll(database(), experimentId);
  await pauseExperiment(database(), experimentId, 'ann');
  const workerId = await newWorker(database());
  expect(await claimEvaluation(database(), { experimentId, workerId })).toEqual({ outcome: 'paused' });
  await database().pool.query('DELETE FROM outbox');
  await resumeExperiment(database(), experimentId, 'ann');
  expect(await database().prisma.outboxEntry.findMany()).toMatchObject([
    { jobId: `evaluation-${experimentId}-1`, payload: { kind: 'evaluation', experimentId } },
  ]);
  expect((await claimEvaluation(database(), { experimentId, workerId })).outcome).toBe('claimed');
});

test('the last running trial ends its stage while it is paused, and the next stage waits', async () => {
  const experimentId = await submit(database(), { trials: 1 });
  const [id] = await waitingTrials(database(), experimentId);
  const { fence } = await claim(database(), id!);
  await recordEpochs(database(), fence, [epochRecord(0)]);
  await pauseExperiment(database(), experimentId, 'ann');
  await recordEpochs(database(), fence, [epochRecord(1)]);
  await completeTrial(database(), fence);
  const [next] = await waitingTrials(database(), experimentId);
  expect(await tryClaim(next!)).toEqual({ outcome: 'paused' });
  await resumeExperiment(database(), experimentId, 'ann');
  expect((await claim(database(), next!)).stage).toBe('movingScales');
});

test('what is over can not be paused, and what was cancelled is not paused any more', async () => {
  const experimentId = await submit(database());
  await pauseExperiment(database(), experimentId, 'ann');
  await cancelExperiment(database(), experimentId);
  await expect(pauseExperiment(database(), experimentId, 'ann')).rejects.toThrow(WrongStateError);
  expect(await resumeExperiment(database(), experimentId, 'ann')).toEqual({ changed: false });
  await expect(pauseExperiment(database(), unknownId(), 'ann')).rejects.toThrow(NotFoundError);
  await expect(resumeExperiment(database(), unknownId(), 'ann')).rejects.toThrow(NotFoundError);
});

test('pausing at the moment of many claims leaves each trial either running before the pause or waiting', async () => {
  const workerId = await newWorker(database());
  for (let round = 0; round < 5; round += 1) {
    const experimentId = await submit(database(), { trials: 6 });
    const ids = await waitingTrials(database(), experimentId);
    const claims = ids.map((trialId) => claimTrial(database(), { trialId, workerId, numericsId: numerics }));
    const [outcomes] = await Promise.all([
      Promise.all(claims),
      pauseExperiment(database(), experimentId, 'ann'),
      pauseExperiment(database(), experimentId, 'bob'),
    ]);
    const claimed = outcomes.filter(({ outcome }) => outcome === 'claimed').length;
    expect(outcomes.filter(({ outcome }) => outcome === 'paused')).toHaveLength(6 - claimed);
    const types = await eventTypes(experimentId);
    const pausedAt = types.indexOf('experiment.paused');
    expect(types.lastIndexOf('experiment.paused')).toBe(pausedAt);
    expect(types.slice(pausedAt)).not.toContain('trial.claimed');
    expect(types.filter((type) => type === 'trial.claimed')).toHaveLength(claimed);
  }
});
