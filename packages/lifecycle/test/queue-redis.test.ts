import { startTestRedis, type TestRedis } from '@bitkiln/infra/testing';
import { afterAll, beforeAll } from 'vitest';
import { queueConformance } from './queue-conformance.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
}, 600_000);
afterAll(() => redis?.stop());

// No database answers there: the queue on Redis must not ask one.
queueConformance('redis', () => ({ databaseUrl: 'postgresql://127.0.0.1:1/none', redisUrl: redis.url }));
