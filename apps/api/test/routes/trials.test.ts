import { failTrial } from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { figuresOf, startWorker, trainEpochs, trainStage } from '../helpers/synthetic-run.ts';
import { buildTestApp, get, post } from '../helpers/test-app.ts';

const { app, database } = await buildTestApp();
const many = { ...tiny, protocol: { ...tiny.protocol, float: { trials: 11, epochs: 2 } } };

interface Item {
  readonly id: string;
  readonly experimentId: string;
  readonly index: number;
  readonly stage: string;
  readonly state: string;
  readonly lowestLoss: { validationLoss: number } | null;
  readonly highestAccuracy: { validationAccuracy: number } | null;
}

async function pages(url: string, between: () => Promise<unknown> = async () => {}): Promise<Item[]> {
  const items: Item[] = [];
  let next = url;
  for (;;) {
    const { status, body } = await get(app, next);
    expect(status).toBe(200);
    items.push(...body.items);
    if (body.nextCursor === null) return items;
    await between();
    next = `${url}&cursor=${body.nextCursor}`;
  }
}

const first: string = (await post(app, '/experiments', many)).body.id;
const { workerId } = await startWorker(database);
const opened = await pages(`/experiments/${first}/trials?limit=500`);
// Five of the eleven have figures: two ended, three under way.
for (const [i, { id }] of opened.slice(0, 5).entries())
  await trainEpochs(database, workerId, id, i < 2 ? 2 : 1);

test("an experiment's trials come in the order of their index", async () => {
  expect((await pages(`/experiments/${first}/trials?limit=4`)).map(({ index }) => index)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ]);
});

test.each(['newest', 'oldest', 'loss', 'accuracy'])(
  'pages by %s are complete, in order and without repeats, while trials are added',
  async (sort) => {
    const before = await pages(`/trials?limit=500&sort=${sort}`);
    // A few, or an order from the oldest on would never end.
    let added = 0;
    const add = async () => added++ < 4 && post(app, '/experiments', tiny);
    const seen = await pages(`/trials?limit=3&sort=${sort}`, add);
    const known = new Set(before.map(({ id }) => id));
    expect(seen.filter(({ id }) => known.has(id)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    const values = before.map((trial) =>
      sort === 'loss' ? trial.lowestLoss?.validationLoss : trial.highestAccuracy?.validationAccuracy,
    );
    const present = values.filter((value) => value !== undefined);
    if (sort === 'loss') expect(present).toEqual(present.toSorted((a, b) => a - b));
    if (sort === 'accuracy') expect(present).toEqual(present.toSorted((a, b) => b - a));
    if (sort === 'loss' || sort === 'accuracy') {
      expect(present.length).toBeGreaterThanOrEqual(5);
      expect(values.slice(0, present.length)).toEqual(present);
    }
    const ids = before.map(({ id }) => id);
    if (sort === 'oldest') expect(ids).toEqual(ids.toSorted());
    if (sort === 'newest') expect(ids).toEqual(ids.toSorted().toReversed());
  },
);

test('trials with one value are told apart by id, so that none is lost between pages', async () => {
  const { body } = await post(app, '/experiments', many);
  const own = await pages(`/trials?experiment=${body.id}&limit=500`);
  // Equal index gives equal figures: every loss of the first experiment comes again.
  for (const [i, { id }] of own.toReversed().slice(0, 5).entries()) {
    await trainEpochs(database, workerId, id, i < 2 ? 2 : 1);
  }
  for (const sort of ['loss', 'accuracy']) {
    const whole = await pages(`/trials?sort=${sort}&limit=500`);
    expect(await pages(`/trials?sort=${sort}&limit=1`)).toEqual(whole);
  }
});

test('filters combine', async () => {
  const { body } = await post(app, '/experiments', tiny);
  await trainStage(database, workerId, body.id);
  const url = (query: string) => `/trials?experiment=${body.id}&limit=2${query}`;
  expect(await pages(url(''))).toHaveLength(5);
  expect((await pages(url('&stage=float'))).map(({ state }) => state)).toEqual(Array(3).fill('succeeded'));
  expect((await pages(url('&state=queued'))).map(({ stage }) => stage)).toEqual(
    Array(2).fill('movingScales'),
  );
  expect(await pages(url('&stage=float&state=queued&sort=loss'))).toEqual([]);
  expect(await pages('/trials?experiment=0198c0de-0000-7000-8000-000000000000&limit=2')).toEqual([]);
});

test('a cursor does not fit another order', async () => {
  const { body } = await get(app, '/trials?limit=1&sort=loss');
  const reply = await get(app, `/trials?limit=1&sort=newest&cursor=${body.nextCursor}`);
  expect(reply.status).toBe(400);
  expect(reply.body.errors[0].field).toBe('/cursor');
});

test('a trial tells its seeds, numerics, attempts and checkpoints', async () => {
  const { body: experiment } = await post(app, '/experiments', tiny);
  const [, trial] = await pages(`/experiments/${experiment.id}/trials?limit=500`);
  const fence = await trainEpochs(database, workerId, trial!.id, 1);
  await failTrial(database, fence, 'the loss is not a number');
  await trainEpochs(database, workerId, trial!.id, 2);
  const { status, body } = await get(app, `/trials/${trial!.id}`);
  expect(status).toBe(200);
  const [one, two] = [figuresOf(1, 0), figuresOf(1, 1)];
  expect(two.loss).toBeLessThan(one.loss);
  const mark = { epoch: 1, validationLoss: two.loss, validationAccuracy: two.correct / 10_000 };
  expect(body).toMatchObject({
    id: trial!.id,
    experimentId: experiment.id,
    stage: 'float',
    index: 1,
    state: 'running',
    seeds: { experiment: 7, stage: 'float', trial: 1 },
    numericsId: 'tensor/1/backend=cpu',
    trainer: 'tensor',
    reproducible: true,
    attempts: 2,
    failures: 1,
    preemptions: 0,
    epochsDone: 2,
    epochsTotal: 2,
    lowestLoss: mark,
    highestAccuracy: mark,
    score: null,
    secondsTrained: 0.5,
    samplesPerSecond: 12_345,
  });
  expect(body.attemptList).toMatchObject([
    {
      number: 1,
      state: 'failed',
      reason: 'the loss is not a number',
      startEpoch: 0,
      epochsDone: 1,
      worker: { id: workerId, host: 'test-host', device: 'cpu:0', samplesPerSecond: 12_345 },
    },
    { number: 2, state: 'running', reason: null, startEpoch: 1, epochsDone: 2, endedAt: null },
  ]);
  const kinds = body.checkpoints.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toEqual(['lowestLoss', 'highestAccuracy', 'latest']);
  for (const checkpoint of body.checkpoints) {
    expect(checkpoint.epochsDone).toBe(2);
    expect(checkpoint.steps).toBe(98);
    expect(checkpoint.sha256).toMatch(/^[0-9a-f]{64}$/);
    // 3003 floats, and Adam's moments where training resumes.
    expect(checkpoint.sizeBytes).toBe(3003 * 4 * (checkpoint.kind === 'latest' ? 3 : 1));
  }

  const epochs = await pages(`/trials/${trial!.id}/epochs?limit=1`);
  expect(epochs).toMatchObject([
    {
      epoch: 0,
      attempt: 1,
      validationLoss: one.loss,
      validationAccuracy: one.correct / 10_000,
      durationMs: 250,
    },
    { epoch: 1, attempt: 2, validationLoss: two.loss, trainLoss: two.loss * 1.1, learningRate: 0.005 },
  ]);
});
