import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { claimTrial, type Database, type NumericsId, recordEpochs, releaseTrial } from '../src/index.ts';
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
const gpu: NumericsId = {
  trainer: 'tensor',
  definition: 1,
  options: 'backend=node-gpu',
  reproducible: false,
};

async function firstTrial(changes: Parameters<typeof submit>[1] = {}): Promise<string> {
  return (await waitingTrials(database(), await submit(database(), changes)))[0]!;
}

const trialRow = (db: Database, id: string) =>
  db.prisma.trial.findUniqueOrThrow({ where: { id }, include: { attempts: true, experiment: true } });

test('gives a worker all that it needs', async () => {
  const id = await firstTrial();
  const workerId = await newWorker(database());
  const trial = await claim(database(), id, { workerId });
  expect(trial).toEqual({
    fence: { trialId: id, attempt: 1 },
    leaseMs: 3000,
    experiment: {
      id: expect.any(String),
      name: 'test',
      seed: 2 ** 53 - 1,
      dataset: 'mnist',
      augmentation: 'none',
      dataHash: null,
      network: 'A(2,4) S(10)',
      input: { rows: 28, cols: 28, channels: 1 },
      classes: 10,
    },
    stage: 'float',
    settings: {
      trials: 2,
      epochs: 2,
      batchSize: 1024,
      learningRate: { initial: 0.005, decay: 0.98, minimum: 1e-4 },
    },
    trialIndex: 0,
    start: { kind: 'fresh' },
    resume: null,
  });
  const row = await trialRow(database(), id);
  expect(row).toMatchObject({
    state: 'running',
    attempt: 1,
    numericsId: 'tensor/1/backend=cpu',
    reproducible: true,
  });
  expect(row.experiment.state).toBe('running');
  expect(row.attempts).toMatchObject([{ number: 1, workerId, state: 'running', startEpoch: 0 }]);
  expect(await database().prisma.worker.findUniqueOrThrow({ where: { id: workerId } })).toMatchObject({
    currentTrialId: id,
  });
});

test('of workers that claim at once, exactly one gets the trial', async () => {
  const id = await firstTrial();
  const workers = await Promise.all(Array.from({ length: 12 }, () => newWorker(database())));
  const results = await Promise.all(
    workers.map((workerId) => claimTrial(database(), { trialId: id, workerId, numericsId: numerics })),
  );
  expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
  expect(results.filter(({ outcome }) => outcome === 'unavailable')).toHaveLength(11);
  expect((await trialRow(database(), id)).attempts).toHaveLength(1);
});

test('resumes from the latest checkpoint with the same bytes', async () => {
  const id = await firstTrial();
  const first = await claim(database(), id);
  const record = epochRecord(0);
  await recordEpochs(database(), first.fence, [record]);
  await releaseTrial(database(), first.fence, 'drained');
  const second = await claim(database(), id);
  expect(second.fence).toEqual({ trialId: id, attempt: 2 });
  expect(second.resume).toEqual(record.checkpoint);
});

test('refuses workers of other numerics, and wakes one of the right', async () => {
  const id = await firstTrial();
  const trial = await claim(database(), id);
  await releaseTrial(database(), trial.fence, 'drained');
  await database().prisma.outboxEntry.deleteMany();
  const workerId = await newWorker(database(), gpu);
  expect(await claimTrial(database(), { trialId: id, workerId, numericsId: gpu })).toEqual({
    outcome: 'other-numerics',
    numericsId: 'tensor/1/backend=cpu',
  });
  expect((await trialRow(database(), id)).state).toBe('preempted');
  expect(await database().prisma.outboxEntry.findMany()).toMatchObject([
    { jobId: `trial-${id}-1`, queue: expect.stringMatching(/^trials-[0-9a-f]{12}$/) },
  ]);
});

test('takes over from an attempt whose lease has lapsed, and from no other', async () => {
  const id = await firstTrial();
  await claim(database(), id, { leaseMs: 300 });
  const workerId = await newWorker(database());
  const early = await claimTrial(database(), { trialId: id, workerId, numericsId: numerics });
  expect(early).toEqual({ outcome: 'unavailable', state: 'running' });
  await sleep(350);
  const taken = await claim(database(), id, { workerId });
  expect(taken.fence.attempt).toBe(2);
  const row = await trialRow(database(), id);
  expect(row).toMatchObject({ preemptions: 1, failures: 0 });
  expect(row.attempts.sort((a, b) => a.number - b.number)).toMatchObject([
    { state: 'preempted', reason: 'lease lapsed' },
    { state: 'running' },
  ]);
});

test('says that there is nothing to claim', async () => {
  const workerId = await newWorker(database());
  expect(await claimTrial(database(), { trialId: unknownId(), workerId, numericsId: numerics })).toEqual({
    outcome: 'unavailable',
    state: 'unknown',
  });
  const id = await firstTrial();
  await finish(database(), await claim(database(), id, { workerId }));
  expect(await claimTrial(database(), { trialId: id, workerId, numericsId: numerics })).toEqual({
    outcome: 'unavailable',
    state: 'succeeded',
  });
});

test("starts later stages from the pick's lowest-loss checkpoint, to be calibrated after the float stage alone", async () => {
  const experimentId = await submit(database(), { trials: 1 });
  const starts = [];
  for (let stage = 0; stage < 3; stage += 1) {
    const [id] = await waitingTrials(database(), experimentId);
    const trial = await claim(database(), id!);
    starts.push(trial.start);
    // The first epoch has the lowest loss, the second the highest accuracy.
    await recordEpochs(database(), trial.fence, [epochRecord(0, { validationLoss: 0.1 })]);
    await finish(database(), { ...trial, resume: epochRecord(0).checkpoint }, { validationLoss: 0.2 });
    starts.push(id);
  }
  const [float, floatId, moving, movingId, frozen] = starts;
  const { parameters } = epochRecord(0).checkpoint;
  expect(float).toEqual({ kind: 'fresh' });
  expect(moving).toEqual({ kind: 'parameters', trialId: floatId, parameters, calibrate: true });
  expect(frozen).toEqual({ kind: 'parameters', trialId: movingId, parameters, calibrate: false });
});

test('a checkpoint whose bytes were damaged fails the attempt with the reason, until none is left', async () => {
  const id = await firstTrial();
  const trial = await claim(database(), id);
  await recordEpochs(database(), trial.fence, [epochRecord(0)]);
  await releaseTrial(database(), trial.fence, 'drained');
  await database().pool.query(
    `UPDATE checkpoints SET second_moment = set_byte(second_moment, 3, 17) WHERE trial_id = $1 AND kind = 'latest'`,
    [id],
  );
  const input = { trialId: id, workerId: await newWorker(database()), numericsId: numerics };
  for (let attempt = 2; attempt <= 4; attempt += 1) {
    const reason = expect.stringMatching(/^the latest checkpoint of trial .* has the SHA-256 .*, expected/);
    expect(await claimTrial(database(), input)).toEqual({ outcome: 'corrupt-checkpoint', reason });
    const row = await trialRow(database(), id);
    expect(row).toMatchObject({ state: attempt < 4 ? 'queued' : 'failed', attempt, failureReason: reason });
  }
  expect(await claimTrial(database(), input)).toEqual({ outcome: 'unavailable', state: 'failed' });
});
