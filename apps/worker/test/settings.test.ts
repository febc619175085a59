import { describe, expect, test } from 'vitest';
import { readSettings, UsageError, usage } from '../src/settings.ts';

const DATABASE_URL = 'postgresql://kiln:secret@localhost/bitkiln';

test('DATABASE_URL alone is enough', () => {
  expect(readSettings([], { DATABASE_URL })).toMatchObject({
    databaseUrl: DATABASE_URL,
    redisUrl: undefined,
    trainer: { trainer: 'kiln' },
    threads: 1,
    graceMs: 8000,
    logLevel: 'info',
  });
});

test('a flag goes before its variable, and an empty variable counts as left out', () => {
  const env = { DATABASE_URL, REDIS_URL: '', BITKILN_THREADS: '3', BITKILN_GRACE: '5' };
  const settings = readSettings(['--threads', '2', '--name=forge'], env);
  expect(settings).toMatchObject({ redisUrl: undefined, threads: 2, graceMs: 5000, name: 'forge' });
});

test('a GPU is named by backend and device', () => {
  const settings = readSettings(['--backend', 'node-gpu', '--device', '1'], { DATABASE_URL });
  expect(settings?.trainer).toEqual({ trainer: 'tensor', backend: 'node-gpu', device: 1 });
});

test('the API and its token, which no process list shows', () => {
  const env = { DATABASE_URL, BITKILN_API_TOKEN: 'a-token' };
  expect(readSettings([], env)?.dataApi).toBeNull();
  const settings = readSettings(['--api-url', 'http://kiln:3000'], env);
  expect(settings?.dataApi).toEqual({ url: 'http://kiln:3000', token: 'a-token' });
  expect(readSettings(['--api-url', 'http://kiln:3000'], { DATABASE_URL })?.dataApi?.token).toBeNull();
  expect(() => readSettings(['--api-token', 'a-token'], env)).toThrow('--api-token');
});

test('--help asks for no settings, and names every flag', () => {
  expect(readSettings(['--help'], {})).toBeNull();
  for (const flag of [
    'database-url',
    'redis-url',
    'api-url',
    'trainer',
    'backend',
    'device',
    'threads',
    'grace',
  ]) {
    expect(usage).toContain(`--${flag} `);
  }
});

describe('bad usage names the flag, its value and what was expected', () => {
  const message = (args: string[], env: Record<string, string> = { DATABASE_URL }): string => {
    try {
      readSettings(args, env);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
    throw new Error('nothing was thrown');
  };

  test.each([
    [['--threads', '0'], '--threads (BITKILN_THREADS) is "0"; expected a whole number from 1 to 256'],
    [['--threads', '1.5'], '--threads (BITKILN_THREADS) is "1.5"; expected a whole number from 1 to 256'],
    [['--grace', 'soon'], '--grace (BITKILN_GRACE) is "soon"; expected a whole number from 0 to 86400'],
    [['--trainer', 'torch'], '--trainer (BITKILN_TRAINER) is "torch"; expected one of kiln, tensor'],
    [['--backend', 'gpu'], '--backend (BITKILN_BACKEND) is "gpu"; expected one of wasm, node-gpu, node, cpu'],
    [
      ['--device', '0'],
      '--device (BITKILN_DEVICE) is 0; expected none without --backend node-gpu: no other has devices',
    ],
    [
      ['--backend', 'node-gpu', '--threads', '2'],
      '--threads (BITKILN_THREADS) is 2; expected 1 with backend node-gpu: one worker a GPU',
    ],
    [
      ['--trainer', 'kiln', '--backend', 'wasm'],
      '--backend (BITKILN_BACKEND) is "wasm"; expected none with trainer kiln: trainer tensor has backends',
    ],
    [
      ['--relaxed', 'yes', '--trainer', 'tensor'],
      '--relaxed (BITKILN_RELAXED) is "yes"; expected no with trainer tensor: trainer kiln has relaxed SIMD',
    ],
  ])('%j', (args, expected) => {
    expect(message(args)).toBe(expected);
  });

  test('unknown flags and words', () => {
    expect(message(['--cores', '2'])).toContain('--cores');
    expect(message(['now'])).toContain("'now'");
  });

  test('a missing database', () => {
    expect(message([], {})).toBe(
      '--database-url (DATABASE_URL) is missing; expected a URL such as postgresql://user:password@host:5432/bitkiln',
    );
  });

  test('a URL, without the password in it', () => {
    const wrong = message([], { DATABASE_URL: 'mysql://kiln:secret@localhost/bitkiln' });
    expect(wrong).toContain('--database-url (DATABASE_URL)');
    expect(wrong).not.toContain('secret');
    expect(message([], { DATABASE_URL, REDIS_URL: 'http://localhost' })).toContain('--redis-url (REDIS_URL)');
  });
});
