import { setTimeout as sleep } from 'node:timers/promises';
import type { Dataset } from '@bitkiln/core';
import { expect, test } from 'vitest';
import type { ComputeThread } from '../../src/compute/compute-thread.ts';
import { ImageCache } from '../../src/slot/image-cache.ts';

const mnist = { dataset: 'mnist', augmentation: 'none' };
const never = new AbortController().signal;

/** A thread that reads what `read` gives, and counts how often it was asked. */
function reader(read: (signal: AbortSignal) => Promise<unknown>) {
  const asked = { count: 0 };
  const load = async (_: unknown, signal: AbortSignal) => {
    asked.count++;
    return (await read(signal)) as Dataset;
  };
  return { thread: { load } as unknown as ComputeThread, asked };
}

test('slots share one copy, also of what another is still reading', async () => {
  const cache = new ImageCache();
  const images = { name: 'mnist' };
  const first = reader(() => sleep(20, images));
  const second = reader(() => sleep(20, {}));
  const both = await Promise.all([
    cache.get(mnist, first.thread, never),
    cache.get(mnist, second.thread, never),
  ]);
  expect(both[0]).toBe(images);
  expect(both[1]).toBe(images);
  expect(await cache.get(mnist, second.thread, never)).toBe(images);
  expect([first.asked.count, second.asked.count]).toEqual([1, 0]);
});

test('other images are another entry', async () => {
  const cache = new ImageCache();
  const { thread, asked } = reader(async () => ({}));
  await cache.get(mnist, thread, never);
  await cache.get({ ...mnist, augmentation: 'elastic' }, thread, never);
  expect(asked.count).toBe(2);
});

test('a hash that an experiment began with names the images', async () => {
  const cache = new ImageCache();
  const [now, before] = [{ sha256: 'aa' }, { sha256: 'bb' }];
  const [first, second] = [reader(async () => now), reader(async () => before)];
  expect(await cache.get({ ...mnist, sha256: null }, first.thread, never)).toBe(now);
  expect(await cache.get({ ...mnist, sha256: 'aa' }, second.thread, never)).toBe(now);
  expect(await cache.get({ ...mnist, sha256: 'bb' }, second.thread, never)).toBe(before);
  expect([first.asked.count, second.asked.count]).toEqual([1, 1]);
});

test('where the slot that reads has to stop, the one that waits reads itself', async () => {
  const cache = new ImageCache();
  const stop = new AbortController();
  const images = {};
  const first = reader((signal) => sleep(10_000, undefined, { signal }));
  const second = reader(async () => images);
  const stopped = cache.get(mnist, first.thread, stop.signal);
  const waiting = cache.get(mnist, second.thread, never);
  stop.abort();
  await expect(stopped).rejects.toThrow(/aborted/);
  expect(await waiting).toBe(images);
});

test('a slot that waits for another can be stopped', async () => {
  const cache = new ImageCache();
  const stop = new AbortController();
  const first = reader((signal) => sleep(10_000, undefined, { signal }));
  const firstStop = new AbortController();
  const reading = cache.get(mnist, first.thread, firstStop.signal);
  const waiting = cache.get(mnist, first.thread, stop.signal);
  const reason = new Error('cancelled');
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  firstStop.abort();
  await expect(reading).rejects.toThrow(/aborted/);
});

test('a failure is not kept', async () => {
  const cache = new ImageCache();
  const bad = reader(async () => {
    throw new Error('no such file');
  });
  await expect(cache.get(mnist, bad.thread, never)).rejects.toThrow('no such file');
  const good = reader(async () => ({}));
  expect(await cache.get(mnist, good.thread, never)).toEqual({});
});
