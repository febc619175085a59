import { expect, test } from 'vitest';
import { IdempotencyConflictError, submitExperiment } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { newExperiment } from './support/experiment.ts';

const database = useDatabase();

test('records the experiment, its stages, and the first stage with its wake-ups', async () => {
  const { experimentId, created } = await submitExperiment(database(), newExperiment({ trials: 3 }));
  expect(created).toBe(true);
  const experiment = await database().prisma.experiment.findUniqueOrThrow({
    where: { id: experimentId },
    include: { stages: { orderBy: { position: 'asc' } }, trials: { orderBy: { index: 'asc' } } },
  });
  expect(experiment).toMatchObject({
    state: 'queued',
    seed: 2n ** 53n - 1n,
    weightBytes: 1000.5,
    epochsTotal: 18,
  });
  expect(experiment.stages.map(({ name, state, trialCount }) => [name, state, trialCount])).toEqual([
    ['float', 'running', 3],
    ['movingScales', 'waiting', 3],
    ['frozenScales', 'waiting', 3],
  ]);
  expect(experiment.trials.map(({ stageName, index, state }) => [stageName, index, state])).toEqual([
    ['float', 0, 'queued'],
    ['float', 1, 'queued'],
    ['float', 2, 'queued'],
  ]);
  const outbox = await database().prisma.outboxEntry.findMany({ orderBy: { id: 'asc' } });
  expect(outbox.map(({ jobId, queue, payload }) => ({ jobId, queue, payload }))).toEqual(
    experiment.trials.map(({ id }) => ({
      jobId: `trial-${id}-0`,
      queue: 'trials',
      payload: { kind: 'trial', trialId: id },
    })),
  );
});

test('ids sort in the order of submission', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) ids.push((await submitExperiment(database(), newExperiment())).experimentId);
  expect([...ids].sort()).toEqual(ids);
});

test('a repeated call with its idempotency key gives the first experiment', async () => {
  const experiment = newExperiment({ idempotency: { key: 'again', bodyHash: 'a' } });
  const first = await submitExperiment(database(), experiment);
  const second = await submitExperiment(database(), experiment);
  expect(second).toEqual({ experimentId: first.experimentId, created: false });
  expect(await database().prisma.trial.count({ where: { experimentId: first.experimentId } })).toBe(2);
});

test('of calls at once with one key, one makes the experiment', async () => {
  const before = await database().prisma.experiment.count();
  const experiment = newExperiment({ idempotency: { key: 'at once', bodyHash: 'a' } });
  const results = await Promise.all(
    Array.from({ length: 8 }, () => submitExperiment(database(), experiment)),
  );
  expect(new Set(results.map(({ experimentId }) => experimentId)).size).toBe(1);
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect(await database().prisma.experiment.count()).toBe(before + 1);
});

test('refuses a key that was used with another body', async () => {
  await submitExperiment(database(), newExperiment({ idempotency: { key: 'other', bodyHash: 'a' } }));
  const before = await database().prisma.experiment.count();
  await expect(
    submitExperiment(database(), newExperiment({ idempotency: { key: 'other', bodyHash: 'b' } })),
  ).rejects.toThrow(IdempotencyConflictError);
  expect(await database().prisma.experiment.count()).toBe(before);
});

test('writes nothing of an experiment that breaks a rule of the tables', async () => {
  const before = await database().prisma.experiment.count();
  await expect(submitExperiment(database(), newExperiment({ seed: -1 }))).rejects.toThrow(
    /experiments_seed_check/,
  );
  expect(await database().prisma.experiment.count()).toBe(before);
  expect(await database().prisma.event.count({ where: { experiment: { seed: -1n } } })).toBe(0);
});
