import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@bitkiln/infra';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  completeTrial,
  connectDatabase,
  type Database,
  type JobQueue,
  migrate,
  openQueue,
  recordEpochs,
  retryTransient,
  startMaintenance,
} from '../src/index.ts';
import { claim, epochRecord, numerics, submit } from './support/experiment.ts';

let folder: string;
let postgres: EmbeddedPostgres;
let database: Database;
let queue: JobQueue;

const start = () => startEmbeddedPostgres({ directory: join(folder, 'postgres') });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitkiln-restart-'));
  postgres = await start();
  await migrate(postgres.url);
  database = await connectDatabase(postgres.url);
  queue = await openQueue({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await queue?.close();
  await database?.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a killed Postgres that comes back loses no epoch, and the work goes on without a restart', async () => {
  const maintenance = startMaintenance(database, queue);
  const consumer = queue.consumer(numerics);
  const signal = AbortSignal.timeout(45_000);
  try {
    await submit(database, { trials: 2 });
    const first = await consumer.next(signal);
    if (first?.payload.kind !== 'trial') throw new Error('no trial came');
    const { fence } = await claim(database, first.payload.trialId, { leaseMs: 60_000 });
    await first.done();
    await recordEpochs(database, fence, [epochRecord(0)], 60_000);

    const pid = await readFile(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8');
    process.kill(Number.parseInt(pid, 10), 'SIGKILL');
    // Its sessions outlive it by a moment.
    await expect.poll(() => database.pool.query('SELECT 1').catch(() => 'gone')).toBe('gone');
    const retries: unknown[] = [];
    const recorded = retryTransient(() => recordEpochs(database, fence, [epochRecord(1)], 60_000), {
      signal,
      onRetry: (error) => retries.push(error),
    });
    const next = consumer.next(signal);
    postgres = await start();

    expect(await recorded).toMatchObject({ epochsDone: 2 });
    expect(retries.length).toBeGreaterThan(0);
    expect(await completeTrial(database, fence)).toMatchObject({ counted: true });
    const second = await next;
    if (second?.payload.kind !== 'trial') throw new Error('no second trial came');
    expect(second.payload.trialId).not.toBe(fence.trialId);
    await claim(database, second.payload.trialId);
    await second.done();
    const epochs = await database.prisma.epoch.findMany({
      where: { trialId: fence.trialId },
      orderBy: { epoch: 'asc' },
    });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1]);
  } finally {
    await consumer.close();
    await maintenance.stop();
  }
});
