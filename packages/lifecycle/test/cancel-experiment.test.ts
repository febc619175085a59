import { expect, test } from 'vitest';
import { cancelExperiment, claimTrial, completeTrial, NotFoundError, recordEpochs } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import {
  claim,
  epochRecord,
  finish,
  newWorker,
  numerics,
  submit,
  unknownId,
  waitingTrials,
} from './support/experiment.ts';

const database = useDatabase();

test('ends what runs and what waits, keeps what is done, and says why', async () => {
  const experimentId = await submit(database(), { trials: 3 });
  const [done, running, waiting] = await waitingTrials(database(), experimentId);
  await finish(database(), await claim(database(), done!));
  const workerId = await newWorker(database());
  await claim(database(), running!, { workerId });
  expect(await cancelExperiment(database(), experimentId, 'wrong network')).toEqual({
    cancelled: true,
    state: 'cancelled',
  });
  const experiment = await database().prisma.experiment.findUniqueOrThrow({
    where: { id: experimentId },
    include: { stages: { orderBy: { position: 'asc' } }, trials: { orderBy: { index: 'asc' } } },
  });
  expect(experiment.state).toBe('cancelled');
  expect(experiment.finishedAt).not.toBeNull();
  expect(experiment.trials.map(({ state }) => state)).toEqual(['succeeded', 'cancelled', 'cancelled']);
  expect(experiment.stages.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  expect(await database().prisma.attempt.findMany({ where: { trialId: running! } })).toMatchObject([
    { state: 'cancelled', reason: 'wrong network' },
  ]);
  expect(await database().prisma.worker.findUniqueOrThrow({ where: { id: workerId } })).toMatchObject({
    currentTrialId: null,
  });
  expect(await claimTrial(database(), { trialId: waiting!, workerId, numericsId: numerics })).toEqual({
    outcome: 'unavailable',
    state: 'cancelled',
  });
});

test('a repeated call changes nothing, and an experiment that is over stays as it is', async () => {
  const experimentId = await submit(database());
  await cancelExperiment(database(), experimentId);
  const events = () => database().prisma.event.count({ where: { experimentId } });
  const before = await events();
  expect(await cancelExperiment(database(), experimentId)).toEqual({ cancelled: false, state: 'cancelled' });
  expect(await events()).toBe(before);
});

test('there must be such an experiment', async () => {
  await expect(cancelExperiment(database(), unknownId())).rejects.toThrow(NotFoundError);
});

test('cancelling while the last trials finish leaves either a cancelled or a running experiment, and nothing between', async () => {
  for (let round = 0; round < 10; round += 1) {
    const experimentId = await submit(database(), { trials: 3 });
    const fences = [];
    for (const id of await waitingTrials(database(), experimentId)) {
      const { fence } = await claim(database(), id);
      for (const epoch of [0, 1]) await recordEpochs(database(), fence, [epochRecord(epoch)]);
      fences.push(fence);
    }
    const ends = fences.map((fence) => completeTrial(database(), fence).catch(() => null));
    await Promise.all([...ends, cancelExperiment(database(), experimentId)]);
    const experiment = await database().prisma.experiment.findUniqueOrThrow({
      where: { id: experimentId },
      include: { trials: true, stages: true },
    });
    expect(experiment.state).toBe('cancelled');
    expect(experiment.trials.filter(({ state }) => !['succeeded', 'cancelled'].includes(state))).toEqual([]);
    expect(experiment.stages.filter(({ state }) => state === 'waiting' || state === 'running')).toEqual([]);
  }
});
