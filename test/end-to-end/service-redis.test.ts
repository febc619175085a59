import { createTestDatabase, startTestRedis, type TestRedis } from '@bitkiln/infra/testing';
import { afterAll, beforeAll } from 'vitest';
import { serviceSuite } from './service-suite.ts';

let databaseUrl: string;
let redis: TestRedis;
beforeAll(async () => {
  databaseUrl = await createTestDatabase();
  redis = await startTestRedis();
}, 600_000);
afterAll(() => redis?.stop());

serviceSuite('Redis', () => ({ DATABASE_URL: databaseUrl, REDIS_URL: redis.url }));
