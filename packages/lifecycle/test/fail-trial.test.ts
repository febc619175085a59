import { expect, test } from 'vitest';
import { completeTrial, type Fence, failTrial, recordEpochs, releaseTrial } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { claim, epochRecord, finish, submit, waitingTrials } from './support/experiment.ts';

const database = useDatabase();

const trialOf = (id: string) =>
  database().prisma.trial.findUniqueOrThrow({
    where: { id },
    include: { attempts: { orderBy: { number: 'asc' } }, stage: true, experiment: true },
  });

/** Fails a trial three times. */
async function failForGood(trialId: string, reason: string): Promise<Fence> {
  for (let attempt = 1; ; attempt += 1) {
    const { fence } = await claim(database(), trialId);
    const { trialState } = await failTrial(database(), fence, `${reason} ${attempt}`);
    expect(trialState).toBe(attempt < 3 ? 'queued' : 'failed');
    if (attempt === 3) return fence;
  }
}

test('a failed trial is queued again and goes on from its checkpoint', async () => {
  const experimentId = await submit(database());
  const [id] = await waitingTrials(database(), experimentId);
  const first = await claim(database(), id!);
  await recordEpochs(database(), first.fence, [epochRecord(0)]);
  expect(await failTrial(database(), first.fence, 'out of memory')).toEqual({
    trialState: 'queued',
    experimentState: 'running',
  });
  const row = await trialOf(id!);
  expect(row).toMatchObject({
    state: 'queued',
    failures: 1,
    failureReason: 'out of memory',
    finishedAt: null,
  });
  expect(row.attempts).toMatchObject([{ state: 'failed', reason: 'out of memory', epochsDone: 1 }]);
  expect(await database().prisma.outboxEntry.findMany({ where: { jobId: `trial-${id}-1` } })).toHaveLength(1);
  const second = await claim(database(), id!);
  expect(second.resume?.epochsDone).toBe(1);
  await finish(database(), second);
  expect(await trialOf(id!)).toMatchObject({ state: 'succeeded', failures: 1, failureReason: null });
});

test('the third failure is final, and a repeated report counts once', async () => {
  const experimentId = await submit(database());
  const [id] = await waitingTrials(database(), experimentId);
  const fence = await failForGood(id!, 'diverged');
  expect(await failTrial(database(), fence, 'diverged again')).toMatchObject({ trialState: 'failed' });
  const row = await trialOf(id!);
  expect(row).toMatchObject({ state: 'failed', failures: 3, failureReason: 'diverged 3' });
  expect(row.finishedAt).not.toBeNull();
  expect(row.stage).toMatchObject({ failedTrials: 1, state: 'running' });
  expect(await waitingTrials(database(), experimentId)).toHaveLength(1);
});

test('preemptions use up no attempt', async () => {
  const experimentId = await submit(database());
  const [id] = await waitingTrials(database(), experimentId);
  for (let times = 0; times < 5; times += 1) {
    const { fence } = await claim(database(), id!);
    expect(await releaseTrial(database(), fence, 'drained')).toBe(true);
    expect(await releaseTrial(database(), fence, 'drained')).toBe(false);
  }
  expect(await trialOf(id!)).toMatchObject({ state: 'preempted', preemptions: 5, failures: 0, attempt: 5 });
});

test('a stage goes on without a trial that failed for good, and the selection leaves it out', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  const [first, second, third] = await waitingTrials(database(), experimentId);
  await finish(database(), await claim(database(), second!), { validationCorrect: 9000 });
  await finish(database(), await claim(database(), third!), { validationCorrect: 9500 });
  await failForGood(first!, 'broken');
  const stages = await database().prisma.stage.findMany({
    where: { experimentId },
    orderBy: { position: 'asc' },
  });
  expect(stages).toMatchObject([
    { state: 'succeeded', succeededTrials: 2, failedTrials: 1, pickedTrialId: third },
    { state: 'running' },
    { state: 'waiting' },
  ]);
  const selection = await database().prisma.selection.findFirstOrThrow({
    where: { experimentId },
    include: { scores: true },
  });
  expect(selection).toMatchObject({ chosenTrialId: third, runnerUpTrialId: second });
  expect(selection.scores.map(({ index }) => index).sort()).toEqual([1, 2]);
});

test('the winner of a last stage with failed trials is named by its own index', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  for (let stage = 0; stage < 2; stage += 1) {
    for (const id of await waitingTrials(database(), experimentId))
      await finish(database(), await claim(database(), id));
  }
  const [first, second, third] = await waitingTrials(database(), experimentId);
  await failForGood(first!, 'broken');
  await finish(database(), await claim(database(), second!), { validationLoss: 0.5 });
  await finish(database(), await claim(database(), third!), { validationLoss: 0.1 });
  const selection = await database().prisma.selection.findFirstOrThrow({
    where: { experimentId, rule: 'z-score' },
    include: { chosen: true },
  });
  expect(selection.chosen.index).toBe(2);
  // Places in a list of the finished trials would be taken for the trials' numbers.
  expect(selection.details).not.toHaveProperty('reason');
});

test('a stage of which no trial finished fails the experiment with the reasons', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  for (const [index, id] of (await waitingTrials(database(), experimentId)).entries()) {
    await failForGood(id, `reason ${index}, attempt`);
  }
  const experiment = await database().prisma.experiment.findUniqueOrThrow({
    where: { id: experimentId },
    include: { stages: { orderBy: { position: 'asc' } }, events: { orderBy: { sequence: 'desc' }, take: 2 } },
  });
  const reason =
    'no trial of the float stage finished: trial 0: reason 0, attempt 3; trial 1: reason 1, attempt 3';
  expect(experiment).toMatchObject({ state: 'failed', failureReason: reason });
  expect(experiment.finishedAt).not.toBeNull();
  expect(experiment.stages.map(({ state }) => state)).toEqual(['failed', 'cancelled', 'cancelled']);
  expect(experiment.events).toMatchObject([
    { type: 'experiment.failed', data: { reason } },
    { type: 'stage.failed', data: { stage: 'float', reason } },
  ]);
});

test('trials that succeed and fail at the same moment end the stage once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const experimentId = await submit(database(), { trials: 4 });
    const ids = await waitingTrials(database(), experimentId);
    const ends = [];
    for (const [index, id] of ids.entries()) {
      if (index % 2 === 0) {
        for (let attempt = 1; attempt < 3; attempt += 1) {
          await failTrial(database(), (await claim(database(), id)).fence, 'broken');
        }
      }
      const { fence } = await claim(database(), id);
      for (const epoch of [0, 1]) await recordEpochs(database(), fence, [epochRecord(epoch)]);
      ends.push(() =>
        index % 2 === 0 ? failTrial(database(), fence, 'broken') : completeTrial(database(), fence),
      );
    }
    await Promise.all(ends.map((end) => end()));
    const stages = await database().prisma.stage.findMany({
      where: { experimentId },
      orderBy: { position: 'asc' },
    });
    expect(stages).toMatchObject([
      { state: 'succeeded', succeededTrials: 2, failedTrials: 2 },
      { state: 'running' },
      { state: 'waiting' },
    ]);
    expect(await database().prisma.trial.count({ where: { experimentId } })).toBe(8);
  }
});
