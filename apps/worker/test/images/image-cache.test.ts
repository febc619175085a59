import { setTimeout as sleep } from 'node:timers/promises';
import type { Dataset } from '@bitkiln/core';
import type { DataProgress, Watch } from '@bitkiln/datasets';
import { expect, test } from 'vitest';
import { ImageCache } from '../../src/images/image-cache.ts';
import type { ImageSource } from '../../src/images/read-images.ts';

const mnist = { dataset: 'mnist', augmentation: 'none', sha256: null };
const never = new AbortController().signal;

/** A cache that reads made-up images, and notes what it was asked to read. */
function cache(read: (source: ImageSource, watch: Watch) => Promise<unknown> = () => sleep(20, {})) {
  const asked: ImageSource[] = [];
  const images = new ImageCache(null, async ({ source }, watch) => {
    asked.push(source);
    return (await read(source, watch)) as Dataset;
  });
  return { images, asked };
}

test('MNIST is read into memory that threads share', async () => {
  const data = await new ImageCache().get(mnist, never);
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([50_000, 10_000, 10_000]);
  for (const { images } of [data.train, data.validation, data.test]) {
    expect(images.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
});

test("a data set that isn't there says so", async () => {
  const images = new ImageCache();
  await expect(images.get({ ...mnist, dataset: 'mnits' }, never)).rejects.toThrow(/DatasetError: .*"mnits"/);
});

test('slots share one copy, also of what is still being read', async () => {
  const { images, asked } = cache();
  const [first, second] = await Promise.all([images.get(mnist, never), images.get(mnist, never)]);
  expect(second).toBe(first);
  expect(await images.get(mnist, never)).toBe(first);
  expect(asked).toHaveLength(1);
});

test('other images are another entry', async () => {
  const { images, asked } = cache();
  await images.get(mnist, never);
  await images.get({ ...mnist, augmentation: 'elastic' }, never);
  expect(asked.map(({ augmentation }) => augmentation)).toEqual(['none', 'elastic']);
});

test('a hash that an experiment began with names the images', async () => {
  const { images, asked } = cache(async ({ sha256 }) => ({ sha256: sha256 ?? 'aa' }));
  const now = await images.get(mnist, never);
  expect(await images.get({ ...mnist, sha256: 'aa' }, never)).toBe(now);
  expect(await images.get({ ...mnist, sha256: 'bb' }, never)).toEqual({ sha256: 'bb' });
  expect(asked.map(({ sha256 }) => sha256)).toEqual([null, 'bb']);
});

test('every slot that waits is told how it goes', async () => {
  const { images } = cache(async (_, { onProgress }) => {
    await sleep(20);
    onProgress?.({ phase: 'fetching', done: 1, total: 2 });
    return {};
  });
  const told: [string, DataProgress['phase']][] = [];
  await Promise.all(
    ['first', 'second'].map((slot) => images.get(mnist, never, ({ phase }) => told.push([slot, phase]))),
  );
  expect(told).toEqual([
    ['first', 'fetching'],
    ['second', 'fetching'],
  ]);
});

test('a slot that stops waits no longer, and another still gets its images', async () => {
  const { images, asked } = cache(async (_, { signal }) => sleep(50, {}, signal ? { signal } : {}));
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const stopped = images.get(mnist, stop.signal);
  const waiting = images.get(mnist, never);
  stop.abort(reason);
  await expect(stopped).rejects.toBe(reason);
  expect(await waiting).toEqual({});
  expect(asked).toHaveLength(1);
  await expect(images.get(mnist, stop.signal)).rejects.toBe(reason);
});

test('once no slot waits, the reading is given up, and the next slot begins afresh', async () => {
  const given: AbortSignal[] = [];
  const { images } = cache(async (_, { signal }) => {
    given.push(signal!);
    return given.length === 1 ? sleep(10_000, {}, { signal: signal! }) : {};
  });
  const stops = [new AbortController(), new AbortController()];
  const stopped = stops.map((stop) => images.get(mnist, stop.signal));
  stops[0]!.abort();
  await expect(stopped[0]).rejects.toThrow(/aborted/);
  expect(given[0]!.aborted).toBe(false);
  stops[1]!.abort();
  await expect(stopped[1]).rejects.toThrow(/aborted/);
  expect(given[0]!.aborted).toBe(true);
  expect(await images.get(mnist, never)).toEqual({});
});

test('a failure is not kept', async () => {
  let tries = 0;
  const { images } = cache(async () => {
    if (tries++ === 0) throw new Error('no such file');
    return {};
  });
  await expect(images.get(mnist, never)).rejects.toThrow('no such file');
  expect(await images.get(mnist, never)).toEqual({});
});
