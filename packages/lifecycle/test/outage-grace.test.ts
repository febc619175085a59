import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimTrial, extendLease, type JobQueue, openQueue, reconcile } from '../src/index.ts';
import { isUpkeepDue } from '../src/reconcile.ts';
import { useDatabase } from './support/database.ts';
import { claim, newWorker, numerics, submit, waitingTrials } from './support/experiment.ts';

const database = useDatabase();
let queue: JobQueue;
beforeAll(async () => {
  queue = await openQueue({ databaseUrl: database().url });
});
afterAll(() => queue?.close());

/** A trial whose lease lapsed while its worker lived on, but could not reach the database. */
async function lapsed() {
  const [id] = await waitingTrials(database(), await submit(database(), { trials: 1 }));
  const { fence } = await claim(database(), id!, { leaseMs: 1 });
  await sleep(20);
  return fence;
}

const lastUpkeep = (secondsAgo: number) =>
  database().pool.query(`UPDATE upkeep SET due_at = now() - $1 * interval '1 second', grace_until = NULL`, [
    secondsAgo,
  ]);

test('after an outage longer than a lease, live workers have a lease’s time before anything is taken from them', async () => {
  const fence = await lapsed();
  await lastUpkeep(10);
  expect(await isUpkeepDue(database(), 300)).toBe(true);
  expect(await reconcile(database(), queue)).toMatchObject({ preemptedTrials: 0 });
  const workerId = await newWorker(database());
  expect(await claimTrial(database(), { trialId: fence.trialId, workerId, numericsId: numerics })).toEqual({
    outcome: 'unavailable',
    state: 'running',
  });
  expect(await extendLease(database(), fence)).toEqual({ held: true });
  await database().pool.query('UPDATE upkeep SET grace_until = now()');
  expect(await reconcile(database(), queue)).toMatchObject({ preemptedTrials: 0 });
});

test('the grace ends, and the next turns of upkeep give no further one', async () => {
  const fence = await lapsed();
  await lastUpkeep(10);
  await isUpkeepDue(database(), 0);
  const until = async () => (await database().prisma.upkeep.findFirstOrThrow()).graceUntil!.getTime();
  const first = await until();
  expect(first - Date.now()).toBeGreaterThan(2000);
  await sleep(10);
  expect(await isUpkeepDue(database(), 0)).toBe(true);
  expect(await until()).toBe(first);
  await database().pool.query('UPDATE upkeep SET grace_until = now()');
  expect(await reconcile(database(), queue)).toMatchObject({ preemptedTrials: 1 });
  expect(await extendLease(database(), fence)).toEqual({ held: false, reason: 'preempted' });
});

test('without an outage a lapsed lease is taken back at once', async () => {
  await lapsed();
  await lastUpkeep(1);
  expect(await isUpkeepDue(database(), 300)).toBe(true);
  expect(await reconcile(database(), queue)).toMatchObject({ preemptedTrials: 1 });
});
