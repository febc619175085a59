import { expect, test } from 'vitest';
import {
  cancelExperiment,
  claimEvaluation,
  completeTrial,
  type EpochRecord,
  failTrial,
  invalidateTrial,
  recordEpochs,
  recordWinner,
  repeatTrial,
  restartTrial,
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

/** An experiment with one finished trial of two. */
async function withFinishedTrial() {
  const experimentId = await submit(database(), { trials: 2 });
  const [original, other] = await waitingTrials(database(), experimentId);
  await finish(database(), await claim(database(), original!));
  return { experimentId, original: original!, other: other! };
}

test('a repeat comes to the same bytes, says so, and counts nowhere', async () => {
  const { experimentId, original, other } = await withFinishedTrial();
  const before = await database().prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  const { repeatId, created } = await repeatTrial(database(), original, 'ann');
  expect(created).toBe(true);
  expect(await repeatTrial(database(), original, 'ann')).toEqual({ repeatId, created: false });
  const first = await trialRow(original);
  expect(await trialRow(repeatId)).toMatchObject({
    state: 'queued',
    repeatOf: original,
    index: first.index,
    stageId: first.stageId,
    numericsId: first.numericsId,
    epochsDone: 0,
  });
  const [job] = await database().prisma.outboxEntry.findMany({ where: { jobId: `trial-${repeatId}-0` } });
  expect(job?.queue).toMatch(/^trials-[0-9a-f]{12}$/);

  const trial = await claim(database(), repeatId);
  expect(trial).toMatchObject({
    trialIndex: first.index,
    stage: 'float',
    start: { kind: 'fresh' },
    resume: null,
  });
  await finish(database(), trial);
  expect(await trialRow(repeatId)).toMatchObject({
    state: 'succeeded',
    repeatEqual: true,
    repeatDifference: null,
    finalSha256: first.finalSha256,
  });
  expect(first.finalSha256).toMatch(/^[0-9a-f]{64}$/);
  const after = await database().prisma.experiment.findUniqueOrThrow({
    where: { id: experimentId },
    include: { stages: { orderBy: { position: 'asc' } } },
  });
  expect([after.epochsDone, after.trainedMs]).toEqual([before.epochsDone, before.trainedMs]);
  expect(after.stages[0]).toMatchObject({ state: 'running', succeededTrials: 1 });

  await finish(database(), await claim(database(), other), { validationCorrect: 1 });
  const selection = await database().prisma.selection.findFirstOrThrow({
    where: { experimentId },
    include: { scores: true },
  });
  expect(selection.scores.map(({ trialId }) => trialId).sort()).toEqual([original, other].sort());
  const repeated = await database().prisma.event.findFirst({
    where: { experimentId, type: 'trial.repeated' },
  });
  expect(repeated?.data).toMatchObject({ trialId: repeatId, repeatOf: original, equal: true });
});

const changed = (epoch: number, change: (record: EpochRecord) => Partial<EpochRecord>) => {
  const record = epochRecord(epoch);
  return { ...record, ...change(record) };
};

test.each([
  [
    'figures',
    (epoch: number) =>
      changed(epoch, ({ trainLoss }) => (epoch === 1 ? { trainLoss: trainLoss + 1e-9 } : {})),
    /^epoch 1: train loss is 0\.250000001; expected 0\.25$/,
  ],
  [
    'bytes behind equal figures',
    (epoch: number) =>
      changed(epoch, ({ checkpoint }) => ({
        checkpoint: { ...checkpoint, secondMoment: checkpoint.secondMoment.map((value) => value + epoch) },
      })),
    /^the state after the last epoch has the SHA-256 [0-9a-f]{64}; expected [0-9a-f]{64}$/,
  ],
])('a repeat that comes to other %s says where it differs', async (_what, record, difference) => {
  const { original } = await withFinishedTrial();
  const { repeatId } = await repeatTrial(database(), original, 'ann');
  const { fence } = await claim(database(), repeatId);
  for (const epoch of [0, 1]) await recordEpochs(database(), fence, [record(epoch)]);
  await completeTrial(database(), fence);
  const row = await trialRow(repeatId);
  expect(row.repeatEqual).toBe(false);
  expect(row.repeatDifference).toMatch(difference);
  // The next repeat is a new one.
  expect(await repeatTrial(database(), original, 'ann')).toMatchObject({ created: true });
});

test('a trial is repeated after its experiment is over too, and cancelling ends the repeat alone', async () => {
  const experimentId = await submit(database());
  await finishAll(database(), experimentId);
  const workerId = await newWorker(database());
  const evaluation = await claimEvaluation(database(), { experimentId, workerId });
  if (evaluation.outcome !== 'claimed') throw new Error(evaluation.outcome);
  const files = { json: Buffer.from('{}'), h5: Buffer.from('h5'), version: '0.1.0' };
  await recordWinner(database(), evaluation.evaluation.fence, { testCorrect: 9, testTotal: 10, ...files });
  const picked = await database().prisma.stage.findFirstOrThrow({
    where: { experimentId, name: 'movingScales' },
  });
  const first = await repeatTrial(database(), picked.pickedTrialId!, 'ann');
  const trial = await claim(database(), first.repeatId);
  expect(trial.start).toMatchObject({ kind: 'parameters', calibrate: true });
  expect(await cancelExperiment(database(), experimentId)).toEqual({ cancelled: false, state: 'succeeded' });
  expect((await trialRow(first.repeatId)).state).toBe('cancelled');
  await expect(recordEpochs(database(), trial.fence, [epochRecord(0)])).rejects.toThrow(
    'may not write any more',
  );
  expect((await database().prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } })).state).toBe(
    'succeeded',
  );
});

test('a repeat that fails for good leaves its stage alone; it is neither repeated nor restarted', async () => {
  const { experimentId, original, other } = await withFinishedTrial();
  await expect(repeatTrial(database(), other, 'ann')).rejects.toThrow(WrongStateError);
  const { repeatId } = await repeatTrial(database(), original, 'ann');
  await expect(restartTrial(database(), repeatId, 'ann')).rejects.toThrow(/is a repeat/);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await failTrial(database(), (await claim(database(), repeatId)).fence, 'diverged');
  }
  expect((await trialRow(repeatId)).state).toBe('failed');
  const stage = await database().prisma.stage.findFirstOrThrow({ where: { experimentId, name: 'float' } });
  expect(stage).toMatchObject({ state: 'running', failedTrials: 0, succeededTrials: 1 });
  await expect(repeatTrial(database(), repeatId, 'ann')).rejects.toThrow(/is itself a repeat; expected/);
});

test('repeats asked for at once are one repeat', async () => {
  const { original } = await withFinishedTrial();
  const asked = await Promise.all(Array.from({ length: 6 }, () => repeatTrial(database(), original, 'ann')));
  expect(new Set(asked.map(({ repeatId }) => repeatId)).size).toBe(1);
  expect(asked.filter(({ created }) => created)).toHaveLength(1);
  await invalidateTrial(database(), asked[0]!.repeatId, 'no worker is left for it', 'ann');
  expect((await trialRow(asked[0]!.repeatId)).state).toBe('cancelled');
});
