import { expect, test } from 'vitest';
import {
  claimEvaluation,
  completeTrial,
  failTrial,
  invalidateTrial,
  NotFoundError,
  recordEpochs,
  retryTrial,
  StaleAttemptError,
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
  unknownId,
  waitingTrials,
} from '../support/experiment.ts';

const database = useDatabase();

const trialRow = (id: string) => database().prisma.trial.findUniqueOrThrow({ where: { id } });
const stagesOf = (experimentId: string) =>
  database().prisma.stage.findMany({ where: { experimentId }, orderBy: { position: 'asc' } });
const selectionsOf = (experimentId: string) =>
  database().prisma.selection.findMany({
    where: { experimentId },
    include: { scores: true },
    orderBy: { createdAt: 'asc' },
  });

/** Finishes the waiting trials of the running stage with these accuracies. */
async function finishStage(experimentId: string, corrects: readonly number[]): Promise<string[]> {
  const ids = await waitingTrials(database(), experimentId);
  for (const [i, validationCorrect] of corrects.entries()) {
    const validationLoss = 1 - validationCorrect / 10_000;
    await finish(database(), await claim(database(), ids[i]!), { validationCorrect, validationLoss });
  }
  return ids;
}

test('an invalid trial stays in the record and out of the pick', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  const [best, second, third] = await waitingTrials(database(), experimentId);
  await finish(database(), await claim(database(), best!), { validationCorrect: 9900 });
  expect(await invalidateTrial(database(), best!, 'trained on the wrong images', 'ann')).toEqual({
    changed: true,
    repicked: false,
  });
  expect(await invalidateTrial(database(), best!, 'once more', 'bob')).toEqual({
    changed: false,
    repicked: false,
  });
  await finish(database(), await claim(database(), second!), { validationCorrect: 9100 });
  await finish(database(), await claim(database(), third!), { validationCorrect: 9000 });
  expect(await trialRow(best!)).toMatchObject({
    state: 'succeeded',
    invalidReason: 'trained on the wrong images',
    epochsDone: 2,
  });
  const [stage] = await stagesOf(experimentId);
  expect(stage).toMatchObject({
    state: 'succeeded',
    succeededTrials: 2,
    invalidTrials: 1,
    pickedTrialId: second,
  });
  const [selection] = await selectionsOf(experimentId);
  expect(selection?.scores.map(({ trialId }) => trialId).sort()).toEqual([second, third].sort());
  expect(await database().prisma.auditEntry.findMany({ where: { experimentId } })).toMatchObject([
    {
      actor: 'ann',
      action: 'trial.invalidate',
      trialId: best,
      details: { reason: 'trained on the wrong images' },
    },
  ]);
});

test('a running trial that is declared invalid is fenced off, and its stage ends without it', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  const [running, waiting, last] = await waitingTrials(database(), experimentId);
  const { fence } = await claim(database(), running!);
  await recordEpochs(database(), fence, [epochRecord(0)]);
  await finish(database(), await claim(database(), last!));
  await invalidateTrial(database(), waiting!, 'not wanted', 'ann');
  await invalidateTrial(database(), running!, 'not wanted', 'ann');
  await expect(recordEpochs(database(), fence, [epochRecord(1)])).rejects.toThrow(StaleAttemptError);
  expect(await trialRow(running!)).toMatchObject({ state: 'cancelled', epochsDone: 1 });
  expect((await stagesOf(experimentId))[0]).toMatchObject({
    state: 'succeeded',
    succeededTrials: 1,
    invalidTrials: 2,
    pickedTrialId: last,
  });
});

test('a stage with nothing but failed and invalid trials fails with their reasons', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [failed, invalid] = await waitingTrials(database(), experimentId);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await failTrial(database(), (await claim(database(), failed!)).fence, 'diverged');
  }
  await invalidateTrial(database(), invalid!, 'not wanted', 'ann');
  const experiment = await database().prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  expect(experiment.failureReason).toBe(
    'no trial of the float stage finished: trial 0: diverged; trial 1: invalid: not wanted',
  );
  await invalidateTrial(database(), failed!, 'nor this', 'ann');
  await expect(retryTrial(database(), failed!, 'ann')).rejects.toThrow(/is declared invalid/);
});

test('a pick that is declared invalid is made again while nothing has begun from it', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  const [first, second, third] = await finishStage(experimentId, [9000, 9900, 9500]);
  expect((await stagesOf(experimentId))[0]?.pickedTrialId).toBe(second);
  expect(await invalidateTrial(database(), second!, 'wrong images', 'ann')).toEqual({
    changed: true,
    repicked: true,
  });
  expect((await stagesOf(experimentId))[0]).toMatchObject({ pickedTrialId: third, invalidTrials: 1 });
  const selections = await selectionsOf(experimentId);
  expect(selections).toMatchObject([{ chosenTrialId: third, runnerUpTrialId: first }]);
  const [next] = await waitingTrials(database(), experimentId);
  const started = await claim(database(), next!);
  expect(started.start).toMatchObject({ trialId: third });
  const events = await database().prisma.event.findMany({
    where: { experimentId },
    orderBy: { sequence: 'asc' },
  });
  expect(events.filter(({ type }) => type.startsWith('selection.')).map(({ type }) => type)).toEqual([
    'selection.made',
    'selection.withdrawn',
    'selection.made',
  ]);

  // From here on something trains from the pick.
  await expect(invalidateTrial(database(), third!, 'wrong too', 'ann')).rejects.toThrow(
    /has begun; expected .* it would be trial 0/,
  );
  expect((await trialRow(third!)).invalidatedAt).toBeNull();
  expect(await invalidateTrial(database(), first!, 'never mind', 'ann')).toEqual({
    changed: true,
    repicked: false,
  });
  await expect(invalidateTrial(database(), third!, 'wrong too', 'ann')).rejects.toThrow(
    /the only one that finished/,
  );
});

test('the winner is chosen again while its evaluation waits, and stands once it runs', async () => {
  const experimentId = await submit(database(), { trials: 4 });
  await finishStage(experimentId, [9000, 9001, 9002, 9003]);
  await finishStage(experimentId, [9000, 9001, 9002, 9003]);
  const ids = await finishStage(experimentId, [9000, 9100, 9300, 9200]);
  const winner = async () => (await stagesOf(experimentId))[2]!.pickedTrialId;
  expect(await winner()).toBe(ids[2]);
  expect(await invalidateTrial(database(), ids[2]!, 'wrong images', 'ann')).toMatchObject({ repicked: true });
  expect(await winner()).toBe(ids[3]);
  expect((await trialRow(ids[2]!)).score).toBeNull();
  const evaluation = await claimEvaluation(database(), {
    experimentId,
    workerId: await newWorker(database()),
  });
  expect(evaluation).toMatchObject({ outcome: 'claimed', evaluation: { winner: { trialId: ids[3] } } });
  await expect(invalidateTrial(database(), ids[3]!, 'wrong too', 'ann')).rejects.toThrow(WrongStateError);
  expect(await invalidateTrial(database(), ids[0]!, 'never mind', 'ann')).toEqual({
    changed: true,
    repicked: false,
  });
  expect(await winner()).toBe(ids[3]);
});

test('declaring a trial invalid as it completes leaves one consistent outcome', async () => {
  for (let round = 0; round < 6; round += 1) {
    const experimentId = await submit(database(), { trials: 2 });
    const [racing, other] = await waitingTrials(database(), experimentId);
    await finish(database(), await claim(database(), other!), { validationCorrect: 1 });
    const { fence } = await claim(database(), racing!);
    for (const epoch of [0, 1]) await recordEpochs(database(), fence, [epochRecord(epoch)]);
    const [completed, first, second] = await Promise.all([
      completeTrial(database(), fence).then(
        () => true,
        () => false,
      ),
      invalidateTrial(database(), racing!, 'raced', 'ann'),
      invalidateTrial(database(), racing!, 'raced', 'bob'),
    ]);
    expect([first.changed, second.changed].filter(Boolean)).toHaveLength(1);
    expect((await trialRow(racing!)).state).toBe(completed ? 'succeeded' : 'cancelled');
    const [stage] = await stagesOf(experimentId);
    expect(stage).toMatchObject({
      state: 'succeeded',
      succeededTrials: 1,
      invalidTrials: 1,
      pickedTrialId: other,
    });
    expect(await selectionsOf(experimentId)).toMatchObject([{ chosenTrialId: other }]);
    expect(await waitingTrials(database(), experimentId)).toHaveLength(2);
  }
});

test('there must be such a trial', async () => {
  await expect(invalidateTrial(database(), unknownId(), 'why not', 'ann')).rejects.toThrow(NotFoundError);
  await finishAll(database(), await submit(database()));
});
