import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectDatabase,
  type Database,
  formatNumericsId,
  openQueue,
  retryTransient,
  startMaintenance,
} from '@bitkiln/lifecycle';
import type { Logger } from 'pino';
import { ComputeThread, type ComputeThreadOptions } from './compute/compute-thread.ts';
import { farewell } from './farewell.ts';
import { ImageCache } from './images/image-cache.ts';
import type { WorkerSettings } from './settings.ts';
import { runSlot } from './slot/slot.ts';
import type { Stopping } from './slot/stopping.ts';

/**
 * Runs a worker process until it has drained: starts its threads, connects, and lets each slot work.
 * @param threadOptions what the threads run; benchmarks of all but the training give a module of their own
 * @throws Error where the trainer can't run here, saying what to do about it
 */
export async function runWorkerProcess(
  settings: WorkerSettings,
  stopping: Stopping,
  log: Logger,
  threadOptions: ComputeThreadOptions = {},
): Promise<void> {
  const threads = await startThreads(settings, threadOptions, log);
  const { draining } = stopping;
  if (draining.aborted) return;
  // Every slot listens: Node would take more than ten for a leak.
  setMaxListeners(0, stopping.draining, stopping.now);
  const retry = <T>(verb: () => Promise<T>) =>
    retryTransient(verb, {
      signal: draining,
      onRetry: (error, delayMs) => log.warn({ err: error, delayMs }, 'a service is away; trying again'),
    });
  const { databaseUrl, redisUrl, name: host, trainer } = settings;
  // Each slot may have a verb, a heartbeat and an extension in hand at once; the upkeep has one.
  const poolSize = 3 * threads.length + 2;
  const database = await retry(() =>
    connectDatabase(databaseUrl, { poolSize, applicationName: 'bitkiln worker' }),
  );
  const queue = await retry(() => openQueue({ databaseUrl, redisUrl }));
  await retry(() => untilMigrated(database, draining, log));
  const upkeep = startMaintenance(database, queue, {
    onError: (error) => log.warn({ err: error }, 'upkeep failed; trying again'),
    onReport: (report) => log.info(report, 'upkeep mended'),
  });
  const images = new ImageCache(settings.dataApi);
  const shared = { database, queue, images, stopping, log };
  const slots = threads.map((thread, index) =>
    runSlot({ host, device: deviceOf(settings, index), trainer, thread, threadOptions }, shared),
  );
  const ends = await Promise.allSettled(slots);
  const close = async () => {
    await upkeep.stop();
    await queue.close();
    await database.close();
  };
  await farewell(close).catch((error) => log.warn({ err: error }, 'connections were left open'));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The trainer's self-test comes before all else: a host that can't train should say so at once. */
async function startThreads(
  { trainer, threads }: WorkerSettings,
  threadOptions: ComputeThreadOptions,
  log: Logger,
): Promise<ComputeThread[]> {
  // Backend cpu is for tests: there the measurement itself would take minutes.
  const measure = trainer.backend !== 'cpu';
  const started = await Promise.all(
    Array.from({ length: threads }, () => ComputeThread.start({ trainer, measure }, threadOptions)),
  );
  const [{ numericsId }] = started as [ComputeThread];
  const id = formatNumericsId(numericsId);
  const rates = started.map(({ samplesPerSecond: rate }) => (rate === null ? null : Math.round(rate)));
  log.info(
    { numericsId: id, reproducible: numericsId.reproducible, samplesPerSecond: rates },
    `trains with ${id}${measure ? ` at ${rates.join(' + ')} samples/s` : ''}`,
  );
  return started;
}

function deviceOf({ trainer }: WorkerSettings, slot: number): string {
  return trainer.backend === 'node-gpu' ? `gpu:${trainer.device ?? 0}` : `cpu:${slot}`;
}

/** A fleet's workers may be up before its migrations have run. */
async function untilMigrated({ pool }: Database, signal: AbortSignal, log: Logger): Promise<void> {
  while (!signal.aborted) {
    try {
      await pool.query('SELECT FROM workers LIMIT 0');
      return;
    } catch (error) {
      const undefinedTable = '42P01';
      if ((error as { code?: string }).code !== undefinedTable) throw error;
      log.warn('the database has no tables yet; waiting for `bitkiln migrate`');
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
  }
}
