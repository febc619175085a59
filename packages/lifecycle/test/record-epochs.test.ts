import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  cancelExperiment,
  completeTrial,
  DataMismatchError,
  extendLease,
  type Fence,
  failTrial,
  InvalidEpochError,
  pinData,
  recordEpochs,
  releaseTrial,
  StaleAttemptError,
} from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { claim, epochRecord, submit, unknownId, waitingTrials } from './support/experiment.ts';

const database = useDatabase();

async function claimed(options: Parameters<typeof claim>[2] = {}) {
  const experimentId = await submit(database(), { trials: 1 });
  const [id] = await waitingTrials(database(), experimentId);
  return claim(database(), id!, options);
}

const epochsOf = (trialId: string) =>
  database().prisma.epoch.findMany({ where: { trialId }, orderBy: { epoch: 'asc' } });

test('records an epoch with its checkpoints and counts it everywhere', async () => {
  const { fence, experiment } = await claimed();
  const record = epochRecord(0);
  expect(await recordEpochs(database(), fence, [record])).toEqual({
    epochsDone: 1,
    paused: false,
    recorded: [{ epoch: 0, lowestLoss: true, highestAccuracy: true }],
  });
  expect(await epochsOf(fence.trialId)).toMatchObject([
    {
      epoch: 0,
      attempt: 1,
      learningRate: 0.005,
      trainLoss: 0.5,
      validationLoss: 0.4,
      validationCorrect: 9000,
      validationTotal: 10_000,
      durationMs: 10.5,
    },
  ]);
  const trial = await database().prisma.trial.findUniqueOrThrow({
    where: { id: fence.trialId },
    include: { stage: true, experiment: true, attempts: true, checkpoints: { orderBy: { kind: 'asc' } } },
  });
  expect(trial).toMatchObject({
    epochsDone: 1,
    trainedMs: 10.5,
    bestLoss: 0.4,
    bestLossEpoch: 0,
    bestLossCorrect: 9000,
    bestCorrect: 9000,
    bestCorrectEpoch: 0,
    bestCorrectLoss: 0.4,
    stage: { epochsDone: 1, trainedMs: 10.5 },
    experiment: { epochsDone: 1, trainedMs: 10.5 },
    attempts: [{ epochsDone: 1 }],
  });
  expect(trial.checkpoints.map(({ kind, epochsDone, steps }) => [kind, epochsDone, steps])).toEqual([
    ['lowestLoss', 1, 49],
    ['highestAccuracy', 1, 49],
    ['latest', 1, 49],
  ]);
  const [lowest, , latest] = trial.checkpoints;
  expect(new Float32Array(new Uint8Array(lowest!.parameters).buffer)).toEqual(record.checkpoint.parameters);
  expect(lowest!.firstMoment).toBeNull();
  expect(new Float32Array(new Uint8Array(latest!.secondMoment!).buffer)).toEqual(
    record.checkpoint.secondMoment,
  );
  const event = await database().prisma.event.findFirstOrThrow({
    where: { experimentId: experiment.id },
    orderBy: { sequence: 'desc' },
  });
  expect(event).toMatchObject({
    type: 'trial.epoch',
    data: { trialId: fence.trialId, epoch: 0, lowestLoss: true },
  });
});

test('keeps the lowest-loss and the highest-accuracy epoch apart, the first on a tie', async () => {
  const { fence } = await claimed();
  await recordEpochs(database(), fence, [epochRecord(0, { validationLoss: 0.2, validationCorrect: 9100 })]);
  expect(
    await recordEpochs(database(), fence, [epochRecord(1, { validationLoss: 0.2, validationCorrect: 9101 })]),
  ).toMatchObject({ recorded: [{ lowestLoss: false, highestAccuracy: true }] });
  const checkpoints = await database().prisma.checkpoint.findMany({ where: { trialId: fence.trialId } });
  expect(Object.fromEntries(checkpoints.map(({ kind, epochsDone }) => [kind, epochsDone]))).toEqual({
    lowestLoss: 1,
    highestAccuracy: 2,
    latest: 2,
  });
  expect(await database().prisma.trial.findUniqueOrThrow({ where: { id: fence.trialId } })).toMatchObject({
    bestLossEpoch: 0,
    bestLossCorrect: 9100,
    bestCorrectEpoch: 1,
    bestCorrectLoss: 0.2,
  });
});

test('a repeated call changes nothing', async () => {
  const { fence, experiment } = await claimed();
  await recordEpochs(database(), fence, [epochRecord(0)]);
  const events = await database().prisma.event.count({ where: { experimentId: experiment.id } });
  expect(await recordEpochs(database(), fence, [epochRecord(0)])).toMatchObject({
    epochsDone: 1,
    recorded: [],
  });
  expect(await epochsOf(fence.trialId)).toHaveLength(1);
  expect(await database().prisma.event.count({ where: { experimentId: experiment.id } })).toBe(events);
});

test('calls at once for one epoch record it once', async () => {
  const { fence } = await claimed();
  const results = await Promise.all(
    Array.from({ length: 6 }, () => recordEpochs(database(), fence, [epochRecord(0)])),
  );
  expect(results.filter(({ recorded }) => recorded.length > 0)).toHaveLength(1);
  expect(await epochsOf(fence.trialId)).toHaveLength(1);
});

test.each([
  ['a gap', epochRecord(1), /epoch of attempt 1 .* is 1; expected 0, the next one/],
  ['an epoch past the last', epochRecord(2), /expected 0/],
  ['a diverged loss', epochRecord(0, { validationLoss: Number.NaN }), /validationLoss in epoch 0 .* is NaN/],
  [
    'an infinite loss',
    epochRecord(0, { trainLoss: Number.POSITIVE_INFINITY }),
    /trainLoss in epoch 0 .* Infinity/,
  ],
  [
    'a checkpoint of another epoch',
    epochRecord(0, { checkpoint: epochRecord(1).checkpoint }),
    /checkpoint\.epochsDone .* is 2; expected 1/,
  ],
])('refuses %s and writes nothing', async (_, record, message) => {
  const { fence } = await claimed();
  await expect(recordEpochs(database(), fence, [record])).rejects.toThrow(message);
  await expect(recordEpochs(database(), fence, [record])).rejects.toThrow(InvalidEpochError);
  expect(await epochsOf(fence.trialId)).toEqual([]);
  expect(await database().prisma.checkpoint.count({ where: { trialId: fence.trialId } })).toBe(0);
});

test.each([
  ['a gap', [epochRecord(0), epochRecord(2)], /is 2; expected 1, the next one/],
  ['an epoch twice', [epochRecord(0), epochRecord(0)], /is 0; expected 1, the next one/],
  [
    'a diverged loss',
    [epochRecord(0), epochRecord(1, { trainLoss: Number.NaN })],
    /trainLoss in epoch 1 .* NaN/,
  ],
  ['an epoch past the last', [0, 1, 2].map((epoch) => epochRecord(epoch)), /is 2; expected no more/],
  [
    'another number of images',
    [epochRecord(0), epochRecord(1, { validationTotal: 9 })],
    /validationTotal .* is 9; expected 10000, as in the epochs before/,
  ],
])('of epochs with %s among them none is written', async (_, records, message) => {
  const { fence } = await claimed();
  await expect(recordEpochs(database(), fence, records)).rejects.toThrow(message);
  expect(await epochsOf(fence.trialId)).toEqual([]);
  expect(await recordEpochs(database(), fence, [epochRecord(0)])).toMatchObject({ epochsDone: 1 });
});

test('epochs recorded together count once, and those in part recorded before are refused', async () => {
  const { fence } = await claimed();
  const both = [epochRecord(0), epochRecord(1)];
  await recordEpochs(database(), fence, [epochRecord(0)]);
  await expect(recordEpochs(database(), fence, both)).rejects.toThrow(/is 0; expected 1, the next one/);
  const { fence: other, experiment } = await claimed();
  const results = await Promise.all(Array.from({ length: 6 }, () => recordEpochs(database(), other, both)));
  expect(results.map(({ recorded }) => recorded.length).sort()).toEqual([0, 0, 0, 0, 0, 2]);
  expect(await epochsOf(other.trialId)).toHaveLength(2);
  expect(
    await database().prisma.experiment.findUniqueOrThrow({ where: { id: experiment.id } }),
  ).toMatchObject({
    epochsDone: 2,
    trainedMs: 21,
  });
});

test('refuses an epoch after the last', async () => {
  const { fence } = await claimed();
  for (const epoch of [0, 1]) await recordEpochs(database(), fence, [epochRecord(epoch)]);
  await expect(recordEpochs(database(), fence, [epochRecord(2)])).rejects.toThrow(/is 2; expected no more/);
});

/** Ways in which an attempt ends, and what its worker is told. */
const endings: [string, (fence: Fence, experimentId: string) => Promise<unknown>, string][] = [
  ['released', (fence) => releaseTrial(database(), fence, 'drained'), 'preempted'],
  [
    'taken over',
    (fence) => releaseTrial(database(), fence, 'x').then(() => claim(database(), fence.trialId)),
    'preempted',
  ],
  ['failed', (fence) => failTrial(database(), fence, 'broken'), 'ended'],
  [
    'failed and begun again',
    (fence) => failTrial(database(), fence, 'x').then(() => claim(database(), fence.trialId)),
    'ended',
  ],
  ['cancelled', (_, experimentId) => cancelExperiment(database(), experimentId), 'cancelled'],
];

test.each(endings)('an attempt that was %s can write no more, and is told why', async (_, end, reason) => {
  const { fence, experiment } = await claimed();
  await recordEpochs(database(), fence, [epochRecord(0)]);
  await end(fence, experiment.id);
  const before = await epochsOf(fence.trialId);
  const writes = [
    () => recordEpochs(database(), fence, [epochRecord(1)]),
    () => completeTrial(database(), fence),
    () => pinData(database(), fence, 'hash'),
  ];
  for (const write of writes) {
    await expect(write()).rejects.toThrow(StaleAttemptError);
    await expect(write()).rejects.toMatchObject({ reason });
  }
  expect(await extendLease(database(), fence)).toEqual({ held: false, reason });
  expect(await releaseTrial(database(), fence, 'late')).toBe(false);
  expect(await epochsOf(fence.trialId)).toEqual(before);
});

test('an attempt that never was can write nothing', async () => {
  const fence = { trialId: unknownId(), attempt: 1 };
  await expect(recordEpochs(database(), fence, [epochRecord(0)])).rejects.toMatchObject({
    reason: 'unknown',
  });
  const { fence: held } = await claimed();
  await expect(recordEpochs(database(), { ...held, attempt: 2 }, [epochRecord(0)])).rejects.toMatchObject({
    reason: 'unknown',
  });
  expect(await extendLease(database(), fence)).toEqual({ held: false, reason: 'unknown' });
});

test("leases run on the database's clock, and an epoch extends them", async () => {
  const { fence } = await claimed({ leaseMs: 2000 });
  const left = async () => {
    const found = await database().pool.query<{ ms: number }>(
      `SELECT extract(epoch FROM lease_expires_at - clock_timestamp())::float8 * 1000 AS ms
         FROM attempts WHERE trial_id = $1`,
      [fence.trialId],
    );
    return found.rows[0]!.ms;
  };
  expect(await left()).toBeLessThanOrEqual(2000);
  await sleep(100);
  expect(await extendLease(database(), fence, 9000)).toEqual({ held: true });
  expect(await left()).toBeGreaterThan(8000);
  await recordEpochs(database(), fence, [epochRecord(0)], 20_000);
  expect(await left()).toBeGreaterThan(19_000);
});

test('the first attempt of an experiment pins its data', async () => {
  const experimentId = await submit(database());
  const [first, second] = await waitingTrials(database(), experimentId);
  const one = await claim(database(), first!);
  await pinData(database(), one.fence, 'aaa');
  await pinData(database(), one.fence, 'aaa');
  const two = await claim(database(), second!);
  expect(two.experiment.dataHash).toBe('aaa');
  await expect(pinData(database(), two.fence, 'bbb')).rejects.toThrow(DataMismatchError);
  await expect(pinData(database(), two.fence, 'bbb')).rejects.toThrow(/have the hash bbb; expected aaa/);
  expect(await database().prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } })).toMatchObject(
    {
      dataHash: 'aaa',
    },
  );
});
