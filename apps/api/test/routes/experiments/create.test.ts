import { expect, test } from 'vitest';
import { reference, referenceWithBits, tiny } from '../../helpers/bodies.ts';
import { buildTestApp, countRows, get, post } from '../../helpers/test-app.ts';

const testApp = await buildTestApp();
const { app, database } = testApp;

test('a network alone starts the published protocol on MNIST with every default', async () => {
  const reply = await post(app, '/experiments', { network: reference });
  expect(reply.status).toBe(201);
  expect(reply.headers.location).toBe(`/experiments/${reply.body.id}`);
  expect(reply.body).toMatchObject({
    name: referenceWithBits,
    state: 'queued',
    dataset: 'mnist',
    augmentation: 'none',
    network: referenceWithBits,
    strategy: 'herringbone',
    budgetBytes: 2048,
    weightBytes: 1512.5,
    activationBytes: 434.5,
    totalBytes: 1947,
    seed: 1,
    priority: 10,
    progress: 0,
    secondsLeft: null,
    failureReason: null,
    winner: null,
    startedAt: null,
    finishedAt: null,
  });
  expect(reply.body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Math.abs(Date.now() - Date.parse(reply.body.createdAt))).toBeLessThan(60_000);
  expect(reply.body.stages.map((stage: { settings: unknown }) => stage.settings)).toEqual([
    {
      trials: 50,
      epochs: 50,
      batchSize: 1024,
      learningRate: { initial: 0.005, decay: 0.95, minimum: 0.0001 },
    },
    {
      trials: 10,
      epochs: 100,
      batchSize: 1024,
      learningRate: { initial: 0.005, decay: 0.98, minimum: 0.0001 },
    },
    {
      trials: 10,
      epochs: 200,
      batchSize: 1024,
      learningRate: { initial: 0.005, decay: 0.98, minimum: 0.0001 },
    },
  ]);
  expect(reply.body.stages[0]).toMatchObject({
    name: 'float',
    state: 'running',
    trials: { queued: 50, running: 0, preempted: 0, succeeded: 0, failed: 0, cancelled: 0 },
    epochsTotal: 2500,
  });
  expect((await get(app, `/experiments/${reply.body.id}`)).body).toEqual(reply.body);
});

test('every field is taken as given', async () => {
  const body = {
    name: 'Größe: 2 KB, “best” ⚗',
    dataset: 'mnist',
    augmentation: 'elastic',
    network: [
      ['A', 2, 4],
      ['C', 5, 3, 4, 8, 4],
      ['M', 2, 4],
      ['S', 10, 4, 8, 8],
    ],
    budgetBytes: 1999.5,
    strategy: 'naive',
    seed: Number.MAX_SAFE_INTEGER,
    priority: 25,
    protocol: {
      preset: 'quick',
      float: { trials: 1, epochs: 3, batchSize: 256, learningRate: { initial: 0.02, decay: 1, minimum: 0 } },
      frozenScales: { trials: 10_000 },
    },
  };
  const { status, body: experiment } = await post(app, '/experiments', body);
  expect(status).toBe(201);
  expect(experiment).toMatchObject({
    name: body.name,
    augmentation: 'elastic',
    network: 'A(2,4) C(5,3x3)@w4b8a4 M(2,4) S(10)@w4b8a8',
    budgetBytes: 1999.5,
    strategy: 'naive',
    seed: Number.MAX_SAFE_INTEGER,
    priority: 25,
  });
  const [float, moving, frozen] = experiment.stages;
  expect(float.settings).toEqual(body.protocol.float);
  expect(moving.settings).toMatchObject({ trials: 2, epochs: 8 });
  expect(frozen.settings).toMatchObject({ trials: 10_000, epochs: 6 });
});

test('a network of odd bits is counted to the eighth of a byte', async () => {
  const network = 'A(2,4) C(5,3x3)@w3b8a3 M(2,3) S(10)@w3b8a8';
  const { status, body } = await post(app, '/experiments', { ...tiny, network, budgetBytes: 2047.875 });
  expect(status).toBe(201);
  expect(body).toMatchObject({ network, budgetBytes: 2047.875 });
  // 45 and 1800 weights of 3 bits, 15 biases.
  expect(body.weightBytes).toBe((45 * 3 + 1800 * 3 + 15 * 8) / 8);
  expect((await post(app, '/experiments/check', { ...tiny, network })).body.weightBytes).toBe(
    body.weightBytes,
  );
  expect((await get(app, `/experiments/${body.id}`)).body.weightBytes).toBe(body.weightBytes);
});

test('the queue learns of the trials at once', async () => {
  const { body } = await post(app, '/experiments', tiny);
  const ids = await database.prisma.trial.findMany({ where: { experimentId: body.id } });
  expect(ids).toHaveLength(3);
  await expect
    .poll(async () => (await testApp.queue.counts()).reduce((sum, { waiting }) => sum + waiting, 0))
    .toBeGreaterThanOrEqual(3);
});

test('the same key and body give the same experiment, whatever the order of the fields', async () => {
  const key = { 'idempotency-key': 'once' };
  const first = await post(app, '/experiments', tiny, key);
  const rows = await countRows(testApp);
  const { name, ...rest } = tiny;
  const second = await post(app, '/experiments', { ...rest, name }, key);
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(first.headers['idempotency-replayed']).toBeUndefined();
  expect(second.headers['idempotency-replayed']).toBe('true');
  expect(second.headers.location).toBe(first.headers.location);
  expect(second.body.id).toBe(first.body.id);
  expect(await countRows(testApp)).toBe(rows);
});

test('the same key with another body is refused and named', async () => {
  const key = { 'idempotency-key': 'twice' };
  const first = await post(app, '/experiments', tiny, key);
  const rows = await countRows(testApp);
  const second = await post(app, '/experiments', { ...tiny, seed: 8 }, key);
  expect(second.status).toBe(422);
  expect(second.body).toMatchObject({
    type: 'urn:problem-type:bitkiln:idempotency-key-reused',
    experimentId: first.body.id,
    errors: [{ in: 'header', field: '/idempotency-key', value: 'twice' }],
  });
  expect(await countRows(testApp)).toBe(rows);
});

test('without a key the same body starts another experiment', async () => {
  const [first, second] = [await post(app, '/experiments', tiny), await post(app, '/experiments', tiny)];
  expect(second.status).toBe(201);
  expect(second.body.id).not.toBe(first.body.id);
});

test('twenty requests at once with one key start one experiment', async () => {
  const before = await database.prisma.experiment.count();
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => post(app, '/experiments', tiny, { 'idempotency-key': 'race' })),
  );
  expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(19);
  expect(await database.prisma.experiment.count()).toBe(before + 1);
  const id = replies[0]!.body.id;
  expect(await database.prisma.trial.count({ where: { experimentId: id } })).toBe(3);
});
