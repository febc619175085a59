import { beforeEach, expect, test } from 'vitest';
import {
  cancelExperiment,
  claimTrial,
  completeTrial,
  deleteExperiment,
  extendLease,
  findDiskUsage,
  invalidateTrial,
  NotFoundError,
  type PruneRules,
  prune,
  recordEpochs,
  repeatTrial,
  StaleAttemptError,
} from '../../src/index.ts';
import { useDatabase } from '../support/database.ts';
import {
  claim,
  epochRecord,
  finish,
  finishAll,
  newWorker,
  numerics,
  submit,
  unknownId,
  waitingTrials,
} from '../support/experiment.ts';

const database = useDatabase();

const tables = [
  'experiments',
  'stages',
  'trials',
  'attempts',
  'epochs',
  'checkpoints',
  'selections',
  'selection_scores',
  'models',
  'events',
  'outbox',
];

async function rowsLeft(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await database().pool.query(`SELECT count(*)::int AS count FROM ${table}`);
    if (rows[0].count > 0) counts[table] = rows[0].count;
  }
  return counts;
}

beforeEach(async () => {
  await database().pool.query('TRUNCATE experiments, outbox CASCADE');
});

const DAY = 86_400_000;
const rules = (changes: Partial<PruneRules>): PruneRules => ({
  what: 'checkpoints',
  olderThanMs: 30 * DAY,
  keep: 0,
  dryRun: false,
  most: 100,
  ...changes,
});

/** An experiment that was cancelled so many days ago, behind its first stage. */
async function overFor(days: number, name: string): Promise<string> {
  const experimentId = await submit(database(), { trials: 2, name });
  for (const id of await waitingTrials(database(), experimentId))
    await finish(database(), await claim(database(), id));
  await cancelExperiment(database(), experimentId);
  await database().pool.query(
    `UPDATE experiments SET finished_at = now() - $2 * interval '1 day' WHERE id = $1`,
    [experimentId, days],
  );
  return experimentId;
}

test('nothing of a deleted experiment is left but the audit, and what ran of it can write no more', async () => {
  const kept = await submit(database());
  const before = await rowsLeft();
  const experimentId = await submit(database(), { trials: 3, name: 'doomed' });
  const [done, running, waiting] = await waitingTrials(database(), experimentId);
  await finish(database(), await claim(database(), done!));
  await repeatTrial(database(), done!, 'ann');
  const workerId = await newWorker(database());
  const { fence } = await claim(database(), running!, { workerId });
  await recordEpochs(database(), fence, [epochRecord(0)]);

  expect(await deleteExperiment(database(), experimentId, 'ann')).toEqual({ deleted: true });
  expect(await deleteExperiment(database(), experimentId, 'ann')).toEqual({ deleted: false });
  expect(await rowsLeft()).toEqual(before);
  expect(await extendLease(database(), fence)).toEqual({ held: false, reason: 'unknown' });
  await expect(recordEpochs(database(), fence, [epochRecord(1)])).rejects.toThrow(StaleAttemptError);
  await expect(completeTrial(database(), fence)).rejects.toThrow(StaleAttemptError);
  expect(await claimTrial(database(), { trialId: waiting!, workerId, numericsId: numerics })).toEqual({
    outcome: 'unavailable',
    state: 'unknown',
  });
  const worker = await database().prisma.worker.findUniqueOrThrow({ where: { id: workerId } });
  expect(worker.currentTrialId).toBeNull();
  const entries = await database().prisma.auditEntry.findMany({
    where: { experimentId },
    orderBy: { id: 'asc' },
  });
  expect(entries).toMatchObject([
    { action: 'trial.repeat' },
    { actor: 'ann', action: 'experiment.delete', details: { name: 'doomed', state: 'running' } },
  ]);
  await expect(deleteExperiment(database(), unknownId(), 'ann')).rejects.toThrow(NotFoundError);
  expect((await waitingTrials(database(), kept)).length).toBe(2);
});

test('deletes at once, against all that trials write, delete once', async () => {
  for (let round = 0; round < 4; round += 1) {
    const experimentId = await submit(database(), { trials: 4 });
    const [first, second, third, fourth] = await waitingTrials(database(), experimentId);
    const writes = [];
    for (const id of [first, second]) {
      const { fence } = await claim(database(), id!);
      for (const epoch of [0, 1]) await recordEpochs(database(), fence, [epochRecord(epoch)]);
      writes.push(() => completeTrial(database(), fence));
    }
    const workerId = await newWorker(database());
    writes.push(() => claimTrial(database(), { trialId: third!, workerId, numericsId: numerics }));
    writes.push(() => invalidateTrial(database(), fourth!, 'raced', 'ann'));
    const [deletes] = await Promise.all([
      Promise.all([1, 2, 3].map(() => deleteExperiment(database(), experimentId, 'ann'))),
      ...writes.map((write) =>
        write().catch((error) => {
          if (!(error instanceof StaleAttemptError || error instanceof NotFoundError)) throw error;
        }),
      ),
    ]);
    expect(deletes.filter(({ deleted }) => deleted)).toHaveLength(1);
    expect(await rowsLeft()).toEqual({});
  }
});

test('disk usage counts the bytes that are stored', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [id] = await waitingTrials(database(), experimentId);
  const { fence } = await claim(database(), id!);
  await recordEpochs(database(), fence, [epochRecord(0)]);
  // Seven parameters of four bytes; the latest checkpoint holds two moments besides.
  const usage = await findDiskUsage(database(), experimentId);
  expect(usage).toMatchObject({
    checkpoints: [
      { kind: 'lowestLoss', count: 1, bytes: 28 },
      { kind: 'highestAccuracy', count: 1, bytes: 28 },
      { kind: 'latest', count: 1, bytes: 84 },
    ],
    modelBytes: 0,
    epochs: { count: 1 },
  });
  const { epochs, events, totalBytes } = usage!;
  expect(epochs.bytes).toBeGreaterThan(60);
  expect(events.count).toBe(await database().prisma.event.count({ where: { experimentId } }));
  expect(totalBytes).toBe(140 + epochs.bytes + events.bytes);
  expect(await findDiskUsage(database(), unknownId())).toBeNull();
});

test('only the latest checkpoint of what may go on is kept, and of a finished trial the two best', async () => {
  const experimentId = await submit(database(), { trials: 2 });
  const [done, running] = await waitingTrials(database(), experimentId);
  await finish(database(), await claim(database(), done!));
  await recordEpochs(database(), (await claim(database(), running!)).fence, [epochRecord(0)]);
  const kinds = async (trialId: string) =>
    (await database().prisma.checkpoint.findMany({ where: { trialId }, orderBy: { kind: 'asc' } })).map(
      ({ kind }) => kind,
    );
  expect(await kinds(done!)).toEqual(['lowestLoss', 'highestAccuracy']);
  expect(await kinds(running!)).toEqual(['lowestLoss', 'highestAccuracy', 'latest']);
  await cancelExperiment(database(), experimentId);
  expect(await kinds(running!)).toEqual(['lowestLoss', 'highestAccuracy']);
});

test('pruning checkpoints leaves the picks and the record, tells it beforehand, and finds nothing the second time', async () => {
  const old = await overFor(31, 'old');
  const young = await overFor(29, 'young');
  await submit(database(), { name: 'running' });
  const { pruned: dry, complete } = await prune(database(), rules({ dryRun: true }), 'ann');
  expect(complete).toBe(true);
  expect(dry).toMatchObject([{ id: old, name: 'old', checkpoints: 3, bytes: 84 }]);
  expect(await database().prisma.checkpoint.count()).toBe(8);
  expect((await prune(database(), rules({}), 'ann')).pruned).toEqual(dry);
  expect(await prune(database(), rules({}), 'ann')).toEqual({ pruned: [], complete: true });
  const { pickedTrialId } = await database().prisma.stage.findFirstOrThrow({
    where: { experimentId: old, name: 'float' },
  });
  const left = await database().prisma.checkpoint.findMany({ where: { trial: { experimentId: old } } });
  expect(left).toMatchObject([{ trialId: pickedTrialId, kind: 'lowestLoss' }]);
  expect(await database().prisma.checkpoint.count({ where: { trial: { experimentId: young } } })).toBe(4);
  expect(await database().prisma.epoch.count({ where: { trial: { experimentId: old } } })).toBe(4);
  expect(
    await database().prisma.auditEntry.findMany({ where: { experimentId: old, action: 'experiment.prune' } }),
  ).toMatchObject([{ actor: 'ann', details: { checkpoints: 3, bytes: 84 } }]);

  // A repeat is compared by what the record still has.
  const trial = await database().prisma.trial.findFirstOrThrow({
    where: { experimentId: old, stageName: 'float' },
  });
  const { repeatId } = await repeatTrial(database(), trial.id, 'ann');
  await finish(database(), await claim(database(), repeatId));
  expect(await database().prisma.trial.findUniqueOrThrow({ where: { id: repeatId } })).toMatchObject({
    repeatEqual: true,
  });
});

test('pruning experiments keeps the newest, what is young, what runs and what is being repeated', async () => {
  const oldest = await overFor(90, 'oldest');
  const repeated = await overFor(80, 'repeated');
  const older = await overFor(70, 'older');
  const young = await overFor(1, 'young');
  const running = await submit(database(), { name: 'running' });
  const trial = await database().prisma.trial.findFirstOrThrow({
    where: { experimentId: repeated, stageName: 'float' },
  });
  await repeatTrial(database(), trial.id, 'ann');
  const all = rules({ what: 'experiments' });
  const ids = async () =>
    (await database().prisma.experiment.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id);
  const named = ({ pruned }: { pruned: readonly { name: string }[] }) => pruned.map(({ name }) => name);
  expect(named(await prune(database(), { ...all, keep: 3 }, 'ann'))).toEqual(['oldest']);
  expect(await ids()).toEqual([repeated, older, young, running]);
  expect(named(await prune(database(), all, 'ann'))).toEqual(['older']);
  expect(await ids()).toEqual([repeated, young, running]);
  const more = await overFor(50, 'more');
  await overFor(40, 'and more');
  const part = await prune(database(), { ...all, most: 1 }, 'ann');
  expect(part).toMatchObject({ pruned: [{ id: more }], complete: false });
  expect(await prune(database(), { ...all, most: 1 }, 'ann')).toMatchObject({ complete: true });
  expect(
    await database().prisma.auditEntry.findMany({
      where: { experimentId: { in: [oldest, older] }, action: 'experiment.delete' },
    }),
  ).toMatchObject([{ details: { name: 'oldest', pruned: true } }, { details: { name: 'older' } }]);
});

test('what was finished whole is deleted whole', async () => {
  const experimentId = await submit(database());
  await finishAll(database(), experimentId);
  await deleteExperiment(database(), experimentId, 'ann');
  expect(await rowsLeft()).toEqual({});
});
