export { ensureNewerNode } from './newer-node.ts';
export { startTestRedis, type TestRedis } from './redis.ts';
export { createTestDatabase } from './test-database.ts';
