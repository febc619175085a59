import pg from 'pg';
import { expect, test } from 'vitest';
import { isTransientError, retryTransient } from '../src/index.ts';
import { useDatabase } from './support/database.ts';

const database = useDatabase();

test('a lost connection is transient, and a wrong statement is not', async () => {
  const killed = database().pool.query('SELECT pg_terminate_backend(pg_backend_pid())');
  await expect(killed).rejects.toSatisfy(isTransientError);
  await expect(database().pool.query('SELECT wrong')).rejects.not.toSatisfy(isTransientError);
  const refused = new pg.Client('postgresql://127.0.0.1:1/none').connect();
  await expect(refused).rejects.toSatisfy(isTransientError);
  expect(isTransientError(new TypeError('x is not a function'))).toBe(false);
});

test('repeats until the connection is back, and tells how long it waits', async () => {
  const waits: number[] = [];
  let tries = 0;
  const result = await retryTransient(
    async () => {
      tries += 1;
      if (tries < 4) await database().pool.query('SELECT pg_terminate_backend(pg_backend_pid())');
      return (await database().pool.query<{ two: number }>('SELECT 2 AS two')).rows[0]!.two;
    },
    { onRetry: (_, delayMs) => waits.push(delayMs) },
  );
  expect(result).toBe(2);
  expect(tries).toBe(4);
  expect(waits).toHaveLength(3);
  expect(waits.every((wait, i) => wait >= 50 * 2 ** i && wait <= 100 * 2 ** i)).toBe(true);
});

test('passes other errors through at once', async () => {
  let tries = 0;
  const failing = retryTransient(async () => {
    tries += 1;
    throw new RangeError('no');
  });
  await expect(failing).rejects.toThrow(RangeError);
  expect(tries).toBe(1);
});

test('gives up with the last error once it is told to', async () => {
  const ended = new AbortController();
  const lost = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
  const failing = retryTransient(() => Promise.reject(lost), {
    signal: ended.signal,
    onRetry: () => ended.abort(),
  });
  await expect(failing).rejects.toBe(lost);
});
