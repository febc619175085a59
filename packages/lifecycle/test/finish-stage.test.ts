import { readFile } from 'node:fs/promises';
import { selectByZScore, stageNames } from '@bitkiln/core';
import { expect, test } from 'vitest';
import { completeTrial, InvalidEpochError, recordEpochs } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { claim, epochRecord, finish, submit, waitingTrials } from './support/experiment.ts';

const database = useDatabase();

const experimentOf = (id: string) =>
  database().prisma.experiment.findUniqueOrThrow({
    where: { id },
    include: {
      stages: { orderBy: { position: 'asc' } },
      trials: { orderBy: [{ stage: { position: 'asc' } }, { index: 'asc' }] },
      selections: {
        include: { scores: { orderBy: { index: 'asc' } } },
        orderBy: { stage: { position: 'asc' } },
      },
      events: { orderBy: { sequence: 'asc' } },
    },
  });

/** Claims all waiting trials of a stage and records all their epochs, but completes none. */
async function trainStage(experimentId: string) {
  const trials = [];
  for (const id of await waitingTrials(database(), experimentId)) {
    const trial = await claim(database(), id);
    for (const epoch of [0, 1]) await recordEpochs(database(), trial.fence, [epochRecord(epoch)]);
    trials.push(trial);
  }
  return trials;
}

test('a trial with epochs missing is not complete', async () => {
  const experimentId = await submit(database());
  const trial = await claim(database(), (await waitingTrials(database(), experimentId))[0]!);
  await recordEpochs(database(), trial.fence, [epochRecord(0)]);
  await expect(completeTrial(database(), trial.fence)).rejects.toThrow(InvalidEpochError);
  await expect(completeTrial(database(), trial.fence)).rejects.toThrow(/has 1 epochs; expected 2/);
});

test('a trial counts once, however often and however close its completion is reported', async () => {
  const experimentId = await submit(database());
  const [trial] = await trainStage(experimentId);
  const results = await Promise.all(Array.from({ length: 8 }, () => completeTrial(database(), trial!.fence)));
  expect(results.filter(({ counted }) => counted)).toHaveLength(1);
  expect(await completeTrial(database(), trial!.fence)).toEqual({
    counted: false,
    experimentState: 'running',
  });
  const experiment = await experimentOf(experimentId);
  expect(experiment.stages[0]).toMatchObject({ state: 'running', succeededTrials: 1, failedTrials: 0 });
  expect(experiment.events.filter(({ type }) => type === 'trial.succeeded')).toHaveLength(1);
});

test('of trials that finish at the same moment, the last starts the next stage, once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const experimentId = await submit(database(), { trials: 6 });
    const trials = await trainStage(experimentId);
    await Promise.all(trials.map((trial) => completeTrial(database(), trial.fence)));
    const experiment = await experimentOf(experimentId);
    expect(experiment.stages.map(({ state }) => state)).toEqual(['succeeded', 'running', 'waiting']);
    expect(experiment.stages[0]).toMatchObject({ succeededTrials: 6 });
    expect(experiment.selections).toHaveLength(1);
    const started = experiment.trials.filter(({ stageName }) => stageName === 'movingScales');
    expect(started.map(({ index, state }) => [index, state])).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => [i, 'queued']),
    );
    const woken = await database().prisma.outboxEntry.findMany({
      where: { jobId: { in: started.map(({ id }) => `trial-${id}-0`) } },
    });
    expect(woken).toHaveLength(6);
    expect(experiment.events.map(({ sequence }) => sequence)).toEqual(experiment.events.map((_, i) => i + 1));
  }
});

test('a finished trial keeps what goes on, and not what training resumes from', async () => {
  const experimentId = await submit(database(), { trials: 1 });
  const [trial] = await trainStage(experimentId);
  await completeTrial(database(), trial!.fence);
  const kept = await database().prisma.checkpoint.findMany({ where: { trialId: trial!.fence.trialId } });
  expect(kept.map(({ kind }) => kind).sort()).toEqual(['highestAccuracy', 'lowestLoss']);
});

interface Outcome {
  readonly bestValLoss: number;
  readonly bestValAccuracy: number;
  readonly checkpointValLoss: number;
  readonly checkpointValAccuracy: number;
}

test("the published experiment's trials lead to the published picks and winner", async () => {
  const file = new URL('../../core/test/golden/protocol-outcomes.json', import.meta.url);
  const stages = JSON.parse(await readFile(file, 'utf8')) as { trials: Outcome[] }[];
  const base = { epochs: 2, batchSize: 1024, learningRate: { initial: 0.005, decay: 0.98, minimum: 1e-4 } };
  const settings = stageNames.map((name, i) => [name, { ...base, trials: stages[i]!.trials.length }]);
  const experimentId = await submit(database(), { protocol: Object.fromEntries(settings) });
  for (const { trials } of stages) {
    for (const [index, id] of (await waitingTrials(database(), experimentId)).entries()) {
      const outcome = trials[index]!;
      const trial = await claim(database(), id);
      expect(trial.trialIndex).toBe(index);
      const correct = (accuracy: number) => Math.round(accuracy * 10_000);
      // One epoch has the lowest loss; the other the highest accuracy, where that is another.
      await recordEpochs(database(), trial.fence, [
        epochRecord(0, {
          validationLoss: outcome.checkpointValLoss,
          validationCorrect: correct(outcome.checkpointValAccuracy),
        }),
      ]);
      await recordEpochs(database(), trial.fence, [
        epochRecord(1, {
          validationLoss: outcome.checkpointValLoss + 1,
          validationCorrect: correct(outcome.bestValAccuracy),
        }),
      ]);
      await completeTrial(database(), trial.fence);
    }
  }
  const experiment = await experimentOf(experimentId);
  expect(experiment.state).toBe('evaluating');
  const picked = experiment.stages.map(({ pickedTrialId }) =>
    experiment.trials.find(({ id }) => id === pickedTrialId),
  );
  expect(picked.map((trial) => trial!.index)).toEqual([16, 7, 0]);

  const [float, , last] = experiment.selections;
  expect(float).toMatchObject({ rule: 'greedy', weight: null, images: 10_000 });
  expect(float!.scores).toHaveLength(50);
  expect(float!.scores[16]).toMatchObject({
    score: null,
    bestCorrect: correctOf(stages[0]!.trials[16]!.bestValAccuracy),
  });

  const expected = selectByZScore(stages[2]!.trials, 10_000);
  expect(last).toMatchObject({ rule: 'z-score', images: 10_000, details: { special: null } });
  expect(last!.weight).toBeCloseTo(0.3189, 4);
  expect(last!.scores.map(({ score }) => score)).toEqual(expected.scores);
  expect(last!.scores.map(({ loss, correct }) => [loss, correct])).toEqual(
    stages[2]!.trials.map((trial) => [trial.checkpointValLoss, correctOf(trial.checkpointValAccuracy)]),
  );
  const lastTrials = experiment.trials.filter(({ stageName }) => stageName === 'frozenScales');
  expect(lastTrials.map(({ score }) => score)).toEqual(expected.scores);
  expect(lastTrials.find(({ id }) => id === last!.runnerUpTrialId)!.index).toBe(expected.runnerUp);
}, 120_000);

function correctOf(accuracy: number): number {
  return Math.round(accuracy * 10_000);
}

test('epochs_done reaches epochs_total with the last stage', async () => {
  const experimentId = await submit(database(), { trials: 1 });
  for (let stage = 0; stage < 3; stage += 1) {
    const [id] = await waitingTrials(database(), experimentId);
    await finish(database(), await claim(database(), id!));
  }
  const experiment = await experimentOf(experimentId);
  expect(experiment.epochsDone).toBe(6);
  expect(experiment.epochsTotal).toBe(6);
  expect(experiment.stages.map(({ epochsDone }) => epochsDone)).toEqual([2, 2, 2]);
  expect(
    await database().prisma.outboxEntry.count({ where: { jobId: `evaluation-${experimentId}-0` } }),
  ).toBe(1);
});
