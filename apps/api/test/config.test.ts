import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const DATABASE_URL = 'postgres://someone:secret@host/db';

test('only the database has no default', () => {
  expect(readConfig({ DATABASE_URL, REDIS_URL: '' })).toEqual({
    databaseUrl: DATABASE_URL,
    redisUrl: undefined,
    host: '127.0.0.1',
    port: 3000,
    logLevel: 'info',
    requireToken: false,
    requestsPerMinute: 12_000,
  });
});

test.each([
  [{}, /^DATABASE_URL is missing/],
  [{ DATABASE_URL: 'mysql://someone:secret@host' }, /^DATABASE_URL is not a postgres/],
  [{ DATABASE_URL, REDIS_URL: 'http://someone:secret@host' }, /^REDIS_URL is not a redis/],
  [{ DATABASE_URL, PORT: '65536' }, /^PORT is not a port/],
  [{ DATABASE_URL, PORT: 'http' }, /^PORT is not a port/],
  [{ DATABASE_URL, LOG_LEVEL: 'loud' }, /^LOG_LEVEL is not a log level/],
  [{ DATABASE_URL, REQUIRE_TOKEN: 'true' }, /^REQUIRE_TOKEN is neither yes nor no/],
  [{ DATABASE_URL, RATE_LIMIT: '-1' }, /^RATE_LIMIT is not a number of requests a minute/],
])('%o is refused without repeating a secret', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
  expect(() => readConfig(env)).not.toThrow(/secret/);
});
