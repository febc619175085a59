import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { lowerNetwork, parseNetwork, quantize, scaleOf, weightQuantizer } from '@bitkiln/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reference, tiny } from '../helpers/bodies.ts';
import { openEventStream } from '../helpers/event-stream.ts';
import { figuresOf, runToWinner, startWorker, trainEpochs } from '../helpers/synthetic-run.ts';
import { buildTestApp, get, post, type TestApp } from '../helpers/test-app.ts';

// biome-ignore lint/suspicious/noExplicitAny: replies are what the tests look into.
type Loose = any;

const folder = await mkdtemp(join(tmpdir(), 'bitkiln-test-page-'));
await mkdir(join(folder, 'assets'));
await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>');
await writeFile(join(folder, 'assets/app-1234.js'), 'export {};\n');
await writeFile(join(folder, 'assets/app-1234.js.gz'), gzipSync('export {};\n'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const nobody = '0198c0de-0000-7000-8000-000000000000';
let built: TestApp;
beforeAll(async () => {
  built = await buildTestApp({ dashboardFolder: folder, liveIntervalMs: 20 });
});

async function submit(body: object = tiny): Promise<string> {
  const reply = await post(built.app, '/experiments', body);
  expect(reply.status).toBe(201);
  return reply.body.id;
}

describe('the page', () => {
  test.each(['/', '/ui/experiments/x', '/ui/fleet?state=online'])('%s is the page', async (url) => {
    const reply = await get(built.app, url);
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toContain('text/html');
    expect(reply.headers['cache-control']).toBe('no-cache');
    expect(reply.headers['content-security-policy']).toContain("default-src 'self'");
    expect(reply.text).toContain('<title>page</title>');
  });

  test('its files are compressed beforehand and kept for good', async () => {
    const reply = await get(built.app, '/assets/app-1234.js', { 'accept-encoding': 'gzip' });
    expect(reply.headers).toMatchObject({
      'content-encoding': 'gzip',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect(reply.headers['content-type']).toContain('javascript');
  });

  test('other addresses stay the API’s', async () => {
    expect((await get(built.app, '/assets/none.js')).status).toBe(404);
    expect((await get(built.app, '/index.html')).status).toBe(404);
    expect((await get(built.app, '/ui')).status).toBe(404);
    expect((await post(built.app, '/', {})).status).toBe(405);
  });
});

describe('POST /experiments/check', () => {
  test('tells shapes, bytes by strategy, costs and no time without workers; and writes nothing', async () => {
    const { status, body } = await post(built.app, '/experiments/check', { network: reference });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      totalBytes: 1947,
      fits: true,
      fault: null,
      parameters: 2991,
      estimate: null,
    });
    expect(body.layers.map(({ output }: Loose) => [output.rows, output.cols, output.channels])).toEqual([
      [14, 14, 1],
      [12, 12, 5],
      [10, 10, 8],
      [8, 8, 11],
      [4, 4, 11],
      [4, 4, 11],
      [1, 1, 10],
    ]);
    expect(body.strategies.herringbone.totalBytes).toBe(1947);
    expect(body.strategies.normal.totalBytes).toBeGreaterThan(1947);
    expect(body.protocol.float).toMatchObject({ trials: 50, epochs: 50 });
    expect((await get(built.app, '/experiments')).body.items).toEqual([]);
  });

  test('describes what is too large or has other classes, with what POST would say', async () => {
    const large = { network: reference, budgetBytes: 1900 };
    const { body } = await post(built.app, '/experiments/check', large);
    expect(body).toMatchObject({ fits: false, totalBytes: 1947 });
    expect(body.fault.detail).toBe((await post(built.app, '/experiments', large)).body.detail);
    const classes = await post(built.app, '/experiments/check', { network: 'A(2,4) S(9)' });
    expect(classes.body.fault.detail).toContain('expected 10');
  });

  test('refuses what is no network as POST does', async () => {
    for (const network of ['C(5', 'A(2,4) C(5,30x30) S(10)', '']) {
      const { status, body } = await post(built.app, '/experiments/check', { network });
      expect(status).toBe(422);
      expect(body.detail).toBe((await post(built.app, '/experiments', { network })).body.detail);
    }
  });
});

describe('curves, selections and weights', () => {
  test('curves are thinned but keep the first, best and last epoch', async () => {
    const id = await submit({
      ...tiny,
      protocol: { ...tiny.protocol, float: { trials: 2, epochs: 120 } },
    });
    const { workerId } = await startWorker(built.database, 'curves');
    const { items } = (await get(built.app, `/experiments/${id}/trials`)).body;
    await trainEpochs(built.database, workerId, items[1].id, 118);
    const whole = (await get(built.app, `/experiments/${id}/curves?stage=float`)).body;
    expect(whole).toMatchObject({ step: 1, stage: 'float' });
    expect(whole.trials.map(({ epochs }: Loose) => epochs.length)).toEqual([0, 118]);
    expect(whole.trials[1].losses[7]).toBeCloseTo(figuresOf(1, 7).loss, 5);
    expect(whole.trials[1].accuracies[7]).toBe(figuresOf(1, 7).correct / 10_000);
    expect(whole.trials[1]).toMatchObject({ state: 'running', epochsDone: 118, lowestLoss: { epoch: 117 } });
    const thin = (await get(built.app, `/experiments/${id}/curves?stage=float&points=100`)).body;
    expect(thin.step).toBe(3);
    // The highest accuracy, first reached in epoch 5, stays among every third.
    expect(thin.trials[1].epochs).toEqual(
      [...Array.from({ length: 40 }, (_, i) => 3 * i), 5].sort((a, b) => a - b),
    );
    expect(thin.trials[1].highestAccuracy.epoch).toBe(5);
    expect((await get(built.app, `/experiments/${nobody}/curves?stage=float`)).status).toBe(404);
    expect((await get(built.app, `/experiments/${id}/curves`)).status).toBe(400);
  });

  test('each stage’s choice is there with its inputs', async () => {
    const id = await submit();
    expect((await get(built.app, `/experiments/${id}/selections`)).body.selections).toEqual([]);
    await runToWinner(built.database, id);
    const { selections } = (await get(built.app, `/experiments/${id}/selections`)).body;
    expect(selections.map(({ stage, rule }: Loose) => [stage, rule])).toEqual([
      ['float', 'greedy'],
      ['movingScales', 'greedy'],
      ['frozenScales', 'z-score'],
    ]);
    const winner = (await get(built.app, `/experiments/${id}/best`)).body;
    expect(selections[2]).toMatchObject({
      chosenTrialId: winner.trialId,
      runnerUpTrialId: winner.runnerUp.trialId,
      weight: winner.selection.weight,
    });
    expect(selections[2].scores.map(({ score }: Loose) => score)).toEqual(
      winner.selection.scores.map(({ score }: Loose) => score),
    );
    const stages = (await get(built.app, `/experiments/${id}`)).body.stages;
    expect(selections.map(({ chosenTrialId }: Loose) => chosenTrialId)).toEqual(
      stages.map(({ pickedTrialId }: Loose) => pickedTrialId),
    );
    expect((await get(built.app, `/experiments/${nobody}/selections`)).status).toBe(404);
  });

  test('weights are counted into bins and into the levels of their quantizer', async () => {
    const id = await submit({ ...tiny, seed: 9 });
    await runToWinner(built.database, id);
    const { items } = (await get(built.app, `/experiments/${id}/trials?stage=frozenScales`)).body;
    const stored = await built.database.prisma.checkpoint.findFirstOrThrow({
      where: { trialId: items[0].id, kind: 'lowestLoss' },
    });
    const parameters = new Float32Array(new Uint8Array(stored.parameters).buffer);
    const program = lowerNetwork(parseNetwork(reference), { rows: 28, cols: 28, channels: 1 });
    const { body } = await get(built.app, `/trials/${items[0].id}/weights`);
    expect(body).toMatchObject({ stage: 'frozenScales', checkpoint: 'lowestLoss' });
    expect(body.histograms).toHaveLength(8);
    for (const histogram of body.histograms) {
      const op = program.ops[histogram.op] as Loose;
      const slot = op[histogram.kind];
      const threshold = op[histogram.kind === 'kernel' ? 'weightThreshold' : 'biasThreshold'];
      expect(histogram.count).toBe(slot.length);
      expect(histogram.bins.reduce((sum: number, count: number) => sum + count, 0)).toBe(slot.length);
      expect(histogram.scale).toBe(scaleOf(parameters[threshold.offset]!));
      const quantizer = weightQuantizer(histogram.kind === 'kernel' ? op.weightBits : op.biasBits);
      const value = quantize(parameters[slot.offset]!, quantizer, histogram.scale);
      expect(histogram.levels).toEqual([{ value, count: slot.length }]);
    }
    expect(body.firstKernels).toMatchObject({ rows: 3, cols: 3, channels: 1 });
    expect(body.firstKernels.filters).toHaveLength(5);
    const float = (await get(built.app, `/experiments/${id}/trials?stage=float`)).body.items[0];
    expect((await get(built.app, `/trials/${float.id}/weights`)).body.histograms[0]).toMatchObject({
      scale: null,
      levels: null,
    });
    expect((await get(built.app, `/trials/${nobody}/weights`)).status).toBe(404);
    const waiting = await submit({ ...tiny, seed: 10 });
    const [first] = (await get(built.app, `/experiments/${waiting}/trials`)).body.items;
    expect((await get(built.app, `/trials/${first.id}/weights`)).body.detail).toContain(
      'no lowestLoss checkpoint',
    );
    expect((await get(built.app, `/experiments/${waiting}/best/test`)).status).toBe(409);
  });
});

test('experiments are found by text in their name or network, patterns taken as text', async () => {
  await submit({ ...tiny, name: '100% Ember_kiln' });
  const names = async (search: string) =>
    (await get(built.app, `/experiments?search=${encodeURIComponent(search)}`)).body.items.map(
      (e: Loose) => e.name,
    );
  expect(await names('ember_K')).toEqual(['100% Ember_kiln']);
  expect(await names('0%')).toEqual(['100% Ember_kiln']);
  expect(await names('%mber')).toEqual([]);
  expect((await names('c(8,3X3)')).length).toBeGreaterThan(1);
});

test('paused experiments are listed apart from those that go on, and one that ended paused is over', async () => {
  const ids = await Promise.all(['a', 'b', 'c'].map((name) => submit({ ...tiny, name: `pausing ${name}` })));
  const [held, free, ended] = ids as [string, string, string];
  for (const id of [held, ended]) await post(built.app, `/experiments/${id}/pause`, {});
  await built.database.pool.query(
    `update experiments set state = 'failed', finished_at = now() where id = $1`,
    [ended],
  );
  const listed = async (query: string) =>
    (await get(built.app, `/experiments?search=pausing&${query}`)).body.items.map((e: Loose) => e.id);
  expect(await listed('paused=yes')).toEqual([held]);
  expect((await listed('paused=no')).toSorted()).toEqual([free, ended].toSorted());
  expect(await listed('paused=no&state=queued')).toEqual([free]);
  expect((await get(built.app, '/experiments?paused=maybe')).body.errors[0].expected).toBe('one of yes, no');
});

test('an augmentation makes an epoch four times as long', async () => {
  await startWorker(built.database, 'estimate');
  const seconds = async (augmentation: string) =>
    (await post(built.app, '/experiments/check', { network: reference, augmentation })).body.estimate.seconds;
  const [plain, elastic] = [await seconds('none'), await seconds('elastic')];
  // 50,000 and 200,000 training images; the 10,000 of validation, a third of the work each, stay.
  expect(elastic / plain).toBeCloseTo((200_000 + 10_000 / 3) / (50_000 + 10_000 / 3), 6);
});

test('the live stream sends each experiment and worker that changes, and nothing twice', async () => {
  await built.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = built.app.server.address() as { port: number };
  const stream = await openEventStream(`http://127.0.0.1:${port}/live`);
  const [ready] = await stream.until(1);
  expect(ready).toMatchObject({ event: 'ready' });
  const id = await submit({ ...tiny, name: 'live' });
  const seen = async (matches: (event: string | undefined, data: Loose) => boolean) => {
    for (let count = 1; ; count++) {
      const found = (await stream.until(count))
        .slice(0, count)
        .find(({ event, data }) => matches(event, JSON.parse(data)));
      if (found !== undefined) return JSON.parse(found.data);
    }
  };
  expect(await seen((event, data) => event === 'experiment' && data.id === id)).toMatchObject({
    name: 'live',
  });
  const { workerId } = await startWorker(built.database, 'live');
  expect(await seen((event, data) => event === 'worker' && data.id === workerId)).toMatchObject({
    state: 'online',
  });
  await post(built.app, `/experiments/${id}/cancel`, {});
  await seen((event, data) => event === 'experiment' && data.id === id && data.state === 'cancelled');
  const count = stream.messages.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(stream.messages.length).toBe(count);
  stream.close();
});

test('the live stream tells of deletions, and of what is asked for of an experiment that is over', async () => {
  const [gone, over] = [await submit({ ...tiny, name: 'gone' }), await submit({ ...tiny, name: 'over' })];
  for (const id of [gone, over]) await runToWinner(built.database, id);
  const long = `update experiments set finished_at = now() - interval '1 day' where id = any($1)`;
  await built.database.pool.query(long, [[gone, over]]);
  const { port } = built.app.server.address() as { port: number };
  const stream = await openEventStream(`http://127.0.0.1:${port}/live`);
  await stream.until(1);
  const told = (event: string, id: string) =>
    stream.messages.filter((message) => message.event === event && JSON.parse(message.data).id === id).length;
  await expect.poll(() => stream.messages.length).toBeGreaterThan(1);
  expect([told('experiment', over), told('deleted', gone)]).toEqual([0, 0]);
  await built.app.inject({ method: 'DELETE', url: `/experiments/${gone}` });
  const { items } = (await get(built.app, `/experiments/${over}/trials?stage=frozenScales`)).body;
  await post(built.app, `/trials/${items[1].id}/repeat`, {});
  await expect.poll(() => told('deleted', gone)).toBe(1);
  await expect.poll(() => told('experiment', over)).toBeGreaterThan(0);
  const curves = (await get(built.app, `/experiments/${over}/curves?stage=frozenScales`)).body;
  expect(curves).toMatchObject({ repeats: 1 });
  expect(curves.trials.map(({ id }: Loose) => id)).toEqual(items.map(({ id }: Loose) => id));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told('deleted', gone)).toBe(1);
  stream.close();
});
