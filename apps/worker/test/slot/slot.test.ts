import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, type Database, type JobQueue, openQueue, relayOutbox } from '@bitkiln/lifecycle';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ComputeThread } from '../../src/compute/compute-thread.ts';
import { ImageCache } from '../../src/images/image-cache.ts';
import { runSlot } from '../../src/slot/slot.ts';
import { submitTiny } from '../support/experiment.ts';

let database: Database;
let queue: JobQueue;

beforeAll(async () => {
  const url = await createTestDatabase();
  database = await connectDatabase(url);
  queue = await openQueue({ databaseUrl: url });
});
afterAll(async () => {
  await queue.close();
  await database.close();
});

test('a thread that dies fails the attempt alone: the slot starts another and the trial is trained', async () => {
  const stage = { trials: 1, epochs: 1 };
  const protocol = { float: stage, movingScales: stage, frozenScales: stage };
  const experimentId = await submitTiny(database, protocol);
  await relayOutbox(database, queue);
  const draining = new AbortController();
  const stopping = { draining: draining.signal, now: new AbortController().signal };
  const trainer = { trainer: 'kiln' } as const;
  const module = new URL('./dying-thread.mjs', import.meta.url);
  const thread = await ComputeThread.start({ trainer, measure: false }, { module });
  const running = runSlot(
    { host: 'test', device: 'cpu:0', trainer, thread },
    { database, queue, images: new ImageCache(), stopping, log: pino({ level: 'silent' }) },
  );
  const state = () => database.prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  await expect.poll(async () => (await state()).state, { timeout: 50_000, interval: 100 }).toBe('succeeded');
  draining.abort();
  await running;

  const [first] = await database.prisma.trial.findMany({
    where: { experimentId, stageName: 'float' },
    include: { attempts: { orderBy: { number: 'asc' } } },
  });
  expect(first).toMatchObject({ state: 'succeeded', failures: 1 });
  expect(first!.attempts).toMatchObject([
    { state: 'failed', reason: 'the compute thread ended with code 3' },
    { state: 'succeeded' },
  ]);
  const [registered] = await database.prisma.worker.findMany();
  expect(registered).toMatchObject({ samplesPerSecond: 1234, state: 'retired' });
});
