import { expect, test } from 'vitest';
import { tiny } from '../../helpers/bodies.ts';
import { figuresOf, startWorker, trainEpochs, trainStage } from '../../helpers/synthetic-run.ts';
import { buildTestApp, countRows, get, post, send } from '../../helpers/test-app.ts';

const testApp = await buildTestApp();
const { app, database } = testApp;

async function submit(): Promise<string> {
  return (await post(app, '/experiments', tiny)).body.id;
}

test('a listing is complete, without repeats and newest first, while experiments are added', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.push(await submit());
  const seen: string[] = [];
  let url = '/experiments?limit=3';
  for (;;) {
    const { status, body } = await get(app, url);
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(3);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    // A row at the head must move nothing between pages.
    await submit();
    if (body.nextCursor === null) break;
    url = `/experiments?limit=3&cursor=${body.nextCursor}`;
  }
  expect(seen).toEqual(ids.toReversed());
});

test('a listing by state holds that state alone', async () => {
  const id = await submit();
  await send(app, { method: 'POST', url: `/experiments/${id}/cancel` });
  const { body } = await get(app, '/experiments?state=cancelled');
  expect(body.items.map((item: { id: string }) => item.id)).toEqual([id]);
  expect(body.items[0]).not.toHaveProperty('stages');
});

test('state, counts, progress and time left follow the trials', async () => {
  const id = await submit();
  const { workerId } = await startWorker(database);
  const trials = (await get(app, `/experiments/${id}/trials`)).body.items;
  await trainEpochs(database, workerId, trials[0].id, 1);
  const running = (await get(app, `/experiments/${id}`)).body;
  expect(running).toMatchObject({ state: 'running', winner: null, finishedAt: null });
  expect(running.startedAt).toMatch(/Z$/);
  expect(running.stages[0]).toMatchObject({
    state: 'running',
    trials: { queued: 2, running: 1, succeeded: 0 },
    epochsDone: 1,
    epochsTotal: 6,
    progress: 1 / 6,
  });
  // 3 x 2, 2 x 1 and 3 x 2 epochs.
  expect(running.progress).toBeCloseTo(1 / 14, 12);
  // One slot and 250 ms an epoch: 13 epochs are left.
  expect(running.secondsLeft).toBeCloseTo(13 * 0.25, 1);
  expect(running.lastEventId).toBeGreaterThan(2);
});

test('the next stage opens when the last trial of one is done', async () => {
  const id = await submit();
  const { workerId } = await startWorker(database);
  await trainStage(database, workerId, id);
  const { stages, progress } = (await get(app, `/experiments/${id}`)).body;
  expect(stages.map(({ state }: { state: string }) => state)).toEqual(['succeeded', 'running', 'waiting']);
  expect(stages[0].trials).toMatchObject({ succeeded: 3, queued: 0 });
  expect(stages[1].trials).toMatchObject({ queued: 2 });
  expect(stages[2].trials).toMatchObject({ queued: 0 });
  expect(progress).toBeCloseTo(6 / 14, 12);
  const floats = (await get(app, `/experiments/${id}/trials?stage=float&sort=accuracy`)).body.items;
  expect(stages[0].pickedTrialId).toBe(floats[0].id);
});

test('the summary spreads the finished trials of each stage', async () => {
  const id = await submit();
  const { workerId } = await startWorker(database);
  await trainStage(database, workerId, id);
  const { status, body } = await get(app, `/experiments/${id}/summary`);
  expect(status).toBe(200);
  const [float, moving] = body.stages;
  const last = [0, 1, 2].map((index) => figuresOf(index, 1));
  const losses = last.map(({ loss }) => loss).toSorted((a, b) => a - b) as [number, number, number];
  const mean = (losses[0] + losses[1] + losses[2]) / 3;
  const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 3);
  expect(float).toMatchObject({ stage: 'float', trials: 3 });
  expect(float.loss).toEqual({
    minimum: losses[0],
    lowerQuartile: expect.closeTo((losses[0] + losses[1]) / 2, 12),
    median: losses[1],
    upperQuartile: expect.closeTo((losses[1] + losses[2]) / 2, 12),
    maximum: losses[2],
    mean: expect.closeTo(mean, 12),
    standardDeviation: expect.closeTo(deviation, 12),
  });
  const accuracies = last.map(({ correct }) => correct / 10_000);
  expect(float.accuracy).toMatchObject({
    minimum: Math.min(...accuracies),
    maximum: Math.max(...accuracies),
  });
  expect(float.bestAccuracy.maximum).toBe(Math.max(...accuracies));
  expect(moving).toEqual({
    stage: 'movingScales',
    trials: 0,
    loss: null,
    accuracy: null,
    bestAccuracy: null,
  });
});

test('cancelling ends an experiment; again, it changes nothing', async () => {
  const id = await submit();
  const { workerId } = await startWorker(database);
  const [trial] = (await get(app, `/experiments/${id}/trials`)).body.items;
  await trainEpochs(database, workerId, trial.id, 1);
  const first = await send(app, { method: 'POST', url: `/experiments/${id}/cancel` });
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ state: 'cancelled', secondsLeft: 0, winner: null });
  expect(first.body.finishedAt).toMatch(/Z$/);
  expect(first.body.stages[0].trials).toMatchObject({ cancelled: 3, queued: 0, running: 0 });
  const rows = await countRows(testApp);
  const second = await post(app, `/experiments/${id}/cancel`, {});
  expect(second.status).toBe(200);
  expect(second.body).toEqual(first.body);
  expect(await countRows(testApp)).toBe(rows);
});
