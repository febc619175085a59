import { setTimeout as sleep } from 'node:timers/promises';
import { type LeaseResult, StaleAttemptError } from '@bitkiln/lifecycle';
import pg from 'pg';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type AttemptVerbs, type HeldAttempt, holdAttempt } from '../../src/slot/hold-attempt.ts';
import { LeaseLostError } from '../../src/slot/lease.ts';

/** The verbs of an attempt in a life cycle that answers as told; `calls` notes those that end the attempt. */
function attempt(lease: () => LeaseResult = () => ({ held: true })) {
  const calls: string[] = [];
  const now = new AbortController();
  const lines: { level: number; reason?: string; msg: string }[] = [];
  const verbs: AttemptVerbs = {
    extend: async () => lease(),
    release: async (reason) => {
      calls.push(`release: ${reason}`);
      return true;
    },
    fail: async (reason) => calls.push(`fail: ${reason}`),
  };
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const stopping = { draining: new AbortController().signal, now: now.signal };
  const hold = (work: Parameters<typeof holdAttempt>[2]) => holdAttempt(verbs, { stopping, log }, work);
  return { calls, now, lines, hold, verbs };
}

const untilAborted = ({ signal }: HeldAttempt) => sleep(10_000, 'done' as const, { signal });

test('work that is done needs no more verbs', async () => {
  const { hold, calls } = attempt();
  await hold(async () => 'done');
  expect(calls).toEqual([]);
});

test('work that stops early is handed back', async () => {
  const { hold, calls } = attempt();
  await hold(async () => 'hand-back');
  expect(calls).toEqual(['release: the worker is shutting down']);
});

test('work of a paused experiment is handed back, and so is work that the database has no tables for', async () => {
  const { hold, calls } = attempt();
  await hold(async () => 'paused');
  await hold(async () => {
    const undefinedColumn = new pg.DatabaseError('column "later" does not exist', 40, 'error');
    throw Object.assign(undefinedColumn, { code: '42703' });
  });
  expect(calls).toEqual([
    'release: the experiment is paused',
    'release: the worker is of another version than the database',
  ]);
});

test('an attempt that was taken away stops within a second', async () => {
  let reply: LeaseResult = { held: true };
  const { hold } = attempt(() => reply);
  let taken = 0;
  await hold(async (held) => {
    await sleep(700);
    taken = performance.now();
    reply = { held: false, reason: 'cancelled' };
    return untilAborted(held);
  });
  expect(performance.now() - taken).toBeLessThan(1000);
});

test("the work's own error is a failure, with its message", async () => {
  const { hold, calls } = attempt();
  await hold(async () => {
    throw new RangeError('epoch 3 diverged');
  });
  expect(calls).toEqual(['fail: epoch 3 diverged']);
});

test('told to stop at once, it hands back what is running: no failure', async () => {
  const { hold, calls, now } = attempt();
  const held = hold(untilAborted);
  now.abort();
  await held;
  expect(calls).toEqual(['release: the worker is shutting down']);
});

test.each([
  ['cancelled', 30],
  ['preempted', 40],
] as const)('a lease that is %s stops the work, writes nothing, and says so', async (reason, level) => {
  const { hold, calls, lines } = attempt(() => ({ held: false, reason }));
  let stoppedBy: unknown;
  await hold(async (held) => {
    try {
      return await untilAborted(held);
    } finally {
      stoppedBy = held.signal.reason;
    }
  });
  expect(stoppedBy).toBeInstanceOf(LeaseLostError);
  expect(calls).toEqual([]);
  expect(lines).toMatchObject([{ level, reason, msg: expect.stringContaining('nothing more is written') }]);
});

test('a refused write stops the work, writes nothing, and says so', async () => {
  const { hold, calls, lines } = attempt();
  await hold(async () => {
    throw new StaleAttemptError('attempt 1 of trial t', 'preempted');
  });
  expect(calls).toEqual([]);
  expect(lines).toMatchObject([{ level: 40, reason: 'preempted' }]);
});

test('a lease that could not be extended for a moment is kept', async () => {
  let tries = 0;
  const { hold, calls } = attempt(() => {
    if (tries++ === 0) throw new Error('Connection terminated unexpectedly');
    return { held: true };
  });
  await hold(async ({ signal }) => sleep(1500, 'done' as const, { signal }));
  expect(tries).toBeGreaterThan(1);
  expect(calls).toEqual([]);
});

test('what can not be written while the database is away is written when it is back', async () => {
  const { hold, calls } = attempt();
  let tries = 0;
  let written = 0;
  await hold(async ({ persist }) => {
    written = await persist(async () => {
      if (tries++ < 2) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      return 7;
    });
    return 'done';
  });
  expect([written, tries]).toEqual([7, 3]);
  expect(calls).toEqual([]);
});

test('it leaves within moments even where the database stays away', async () => {
  const { hold, now, lines, verbs } = attempt();
  Object.assign(verbs, {
    release: async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    },
  });
  const held = hold(untilAborted);
  now.abort();
  await held;
  expect(lines.at(-1)?.msg).toBe('could not be handed back: its lease will lapse');
});

test('a verb that is never answered does not outlast its attempt, nor the hand-back the process', async () => {
  const { hold, lines, verbs, now } = attempt();
  const silence = new Promise<never>(() => {});
  Object.assign(verbs, { release: () => silence });
  const held = hold(async ({ persist }) => persist(() => silence));
  const started = performance.now();
  now.abort();
  await held;
  expect(performance.now() - started).toBeGreaterThan(1900);
  expect(lines.at(-1)!.msg).toBe('could not be handed back: its lease will lapse');
});
