import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, startTestRedis, type TestRedis } from '@bitkiln/infra/testing';
import { connectDatabase, openQueue } from '@bitkiln/lifecycle';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnWorker } from '../../apps/worker/test/support/spawn-worker.ts';
import { freshTrialQueue } from '../../packages/lifecycle/src/queue-names.ts';
import { startFaultProxy } from './driver/fault-proxy.ts';

let databaseUrl: string;
let redis: TestRedis;
beforeAll(async () => {
  databaseUrl = await createTestDatabase();
  redis = await startTestRedis();
}, 600_000);
afterAll(() => redis?.stop());

const numericsId = { trainer: 'kiln', definition: 1, options: 'simd=plain', reproducible: true };

/** The same URL through a proxy. */
async function proxied(url: string) {
  const through = new URL(url);
  const proxy = await startFaultProxy(Number(through.port));
  through.port = String(proxy.port);
  return { proxy, url: through.href };
}

test.each(['postgres', 'redis'] as const)(
  'a queue on %s whose connections go silent is used again over new ones',
  async (kind) => {
    const { proxy, url } = await proxied(kind === 'redis' ? redis.url : databaseUrl);
    const urls = kind === 'redis' ? { databaseUrl, redisUrl: url } : { databaseUrl: url };
    const queue = await openQueue(urls);
    const consumer = queue.consumer(numericsId);
    const stop = new AbortController();
    const enqueue = (jobId: string) =>
      queue.enqueue([{ jobId, queue: freshTrialQueue, payload: { kind: 'trial', trialId: jobId } }]);
    const next = async () => {
      const job = await consumer.next(stop.signal);
      await job!.done();
      return job!.jobId;
    };

    await enqueue('before');
    expect(await next()).toBe('before');
    // A slot waits, and so do the connections that other slots had used.
    const waiting = next();
    proxy.halfOpen();
    for (let tries = 0; ; tries += 1) {
      const sent = await enqueue('after').then(
        () => true,
        () => false,
      );
      if (sent) break;
      expect(tries).toBeLessThan(5);
    }
    expect(await waiting).toBe('after');
    stop.abort();
    await consumer.close();
    await queue.close();
    await proxy.close();
  },
  60_000,
);

test('a worker whose connections went silent drains with code 0 all the same', async () => {
  const { proxy, url } = await proxied(databaseUrl);
  const worker = spawnWorker({ DATABASE_URL: url, LOG_LEVEL: 'debug' });
  await worker.line((line) => line.msg.includes('trains with'));
  const database = await connectDatabase(databaseUrl);
  while ((await database.prisma.worker.count()) === 0) await sleep(50);
  await database.close();
  proxy.halfOpen();
  expect(await worker.end('SIGTERM')).toBe(0);
  await proxy.close();
}, 60_000);
