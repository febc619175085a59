import { startTestRedis, type TestRedis } from '@bitkiln/infra/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  cancelExperiment,
  isTransientError,
  type JobConsumer,
  type JobQueue,
  type Maintenance,
  openQueue,
  relayOutbox,
  startMaintenance,
} from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { numerics, submit, waitingTrials } from './support/experiment.ts';

const database = useDatabase();
let redis: TestRedis;
let queue: JobQueue;
let consumer: JobConsumer;
let maintenance: Maintenance | null;
let experimentId: string;

beforeAll(async () => {
  redis = await startTestRedis();
}, 600_000);
afterAll(() => redis?.stop());

beforeEach(async () => {
  queue = await openQueue({ databaseUrl: database().url, redisUrl: redis.url });
  consumer = queue.consumer(numerics);
  maintenance = null;
  experimentId = await submit(database(), { trials: 5 });
});
afterEach(async () => {
  await maintenance?.stop();
  await cancelExperiment(database(), experimentId);
  await consumer.close();
  await queue.close();
});

/** Takes wake-ups until each of the ids has been named. */
async function takeAll(ids: readonly string[]): Promise<void> {
  const left = new Set(ids);
  const signal = AbortSignal.timeout(30_000);
  while (left.size > 0) {
    const job = await consumer.next(signal);
    if (job === null) throw new Error(`no wake-up for ${[...left]}`);
    if (job.payload.kind === 'trial') left.delete(job.payload.trialId);
    await job.done();
  }
}

test('a flushed Redis is filled again from Postgres', async () => {
  const ids = await waitingTrials(database(), experimentId);
  await relayOutbox(database(), queue);
  const client = new Redis(redis.url);
  await client.flushall();
  await client.quit();
  expect((await queue.counts()).reduce((sum, { waiting }) => sum + waiting, 0)).toBe(0);
  maintenance = startMaintenance(database(), queue);
  await takeAll(ids);
});

test('a killed Redis that comes back goes on with what it held', async () => {
  const ids = await waitingTrials(database(), experimentId);
  await relayOutbox(database(), queue);
  await redis.kill();
  const waiting = takeAll(ids);
  await redis.start();
  await waiting;
});

test('while Redis is away the wake-ups stay in Postgres, the ping fails, and both recover', async () => {
  const ids = await waitingTrials(database(), experimentId);
  await redis.kill();
  try {
    await expect(queue.ping()).rejects.toThrow('the redis queue has not answered for 5 s');
    await expect(relayOutbox(database(), queue)).rejects.toSatisfy(isTransientError);
    expect(await database().prisma.outboxEntry.count()).toBe(5);
  } finally {
    await redis.start();
  }
  const errors: unknown[] = [];
  maintenance = startMaintenance(database(), queue, { onError: (error) => errors.push(error) });
  await takeAll(ids);
  await queue.ping();
});

test('an address with no Redis is refused with its name', async () => {
  const url = 'redis://127.0.0.1:1';
  await expect(openQueue({ databaseUrl: database().url, redisUrl: url })).rejects.toThrow(
    /the Redis at 127\.0\.0\.1:1 can't be reached/,
  );
});
