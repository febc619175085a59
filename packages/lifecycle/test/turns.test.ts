import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimTrial, type JobConsumer, type JobQueue, openQueue, relayOutbox } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { finish, newWorker, numerics, submit } from './support/experiment.ts';

const database = useDatabase();
let queue: JobQueue;
let consumer: JobConsumer;
let workerId: string;

beforeEach(async () => {
  queue = await openQueue({ databaseUrl: database().url });
  consumer = queue.consumer(numerics);
  workerId = await newWorker(database());
});
afterEach(async () => {
  await consumer.close();
  await queue.close();
  await database().pool.query('TRUNCATE experiments CASCADE');
  await database().pool.query('TRUNCATE outbox, bullmq.job CASCADE');
});

/** Trains the next trial in line; whose experiment's it is. */
async function serveOne(): Promise<string> {
  await relayOutbox(database(), queue);
  const job = (await consumer.next(AbortSignal.timeout(10_000)))!;
  if (job.payload.kind === 'evaluation') {
    await job.done();
    return serveOne();
  }
  const claimed = await claimTrial(database(), {
    trialId: job.payload.trialId,
    workerId,
    numericsId: numerics,
  });
  await job.done();
  if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
  await finish(database(), claimed.trial);
  return claimed.trial.experiment.id;
}

async function serve(count: number): Promise<Map<string, number>> {
  const served = new Map<string, number>();
  for (let i = 0; i < count; i += 1) {
    const id = await serveOne();
    served.set(id, (served.get(id) ?? 0) + 1);
  }
  return served;
}

test('experiments that wait together get trials in proportion to their priorities', async () => {
  const plain = await submit(database(), { trials: 20 });
  const same = await submit(database(), { trials: 20 });
  const urgent = await submit(database(), { trials: 20, priority: 20 });
  const least = await submit(database(), { trials: 20, priority: 1 });
  const served = await serve(45);
  // In the span of turns where the least one has its first: 10 of each plain one, and 20 of the urgent one.
  const shares = [plain, same, urgent, least].map((id) => served.get(id) ?? 0);
  for (const [i, share] of [11, 11, 21, 1].entries())
    expect(Math.abs(shares[i]! - share)).toBeLessThanOrEqual(1);
  expect(shares[3]).toBeGreaterThan(0);
});

test('a new experiment need not wait until an older one is through, nor does it hold that up', async () => {
  const older = await submit(database(), { trials: 30 });
  await serve(10);
  const newer = await submit(database(), { trials: 5 });
  const served = await serve(10);
  expect(served.get(newer)).toBeGreaterThanOrEqual(4);
  expect(served.get(older)).toBeGreaterThanOrEqual(4);
});

test('a trial of the least priority is served however many others keep coming', async () => {
  await submit(database(), { trials: 2, priority: 20 });
  const least = await submit(database(), { trials: 2, priority: 1 });
  let served = 0;
  for (; ; served += 1) {
    // There is always more to do than this.
    const others = await database().prisma.experiment.count({
      where: { id: { not: least }, state: { in: ['queued', 'running'] } },
    });
    if (others < 3) await submit(database(), { trials: 3, priority: 20 });
    if ((await serveOne()) === least) break;
    expect(served).toBeLessThan(200);
  }
  expect(served).toBeGreaterThan(20);
}, 120_000);
