import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Database,
  heartbeatMs,
  heartbeatWorker,
  type JobConsumer,
  registerWorker,
  relayOutbox,
  retireWorker,
  retryTransient,
} from '@bitkiln/lifecycle';
import type { TrainerSpec } from '@bitkiln/trainer';
import type { Logger } from 'pino';
import { ComputeThread, type ComputeThreadOptions } from '../compute/compute-thread.ts';
import { every } from '../every.ts';
import { farewell } from '../farewell.ts';
import { version } from '../version.ts';
import { claimJob } from './claim-job.ts';
import type { ProcessContext, SlotContext } from './slot-context.ts';

export interface SlotSettings {
  readonly host: string;
  /** Such as `cpu:0` or `gpu:1`. */
  readonly device: string;
  readonly trainer: TrainerSpec;
  /** Its thread, started and measured. */
  readonly thread: ComputeThread;
  /** What the thread was started with, and its successors will be. */
  readonly threadOptions?: ComputeThreadOptions;
}

/** Pause after a fault of the queue or of ours, so that a lasting one doesn't spin. */
const faultPauseMs = 1000;

/**
 * A slot is what the life cycle calls a worker: it registers, works on one job after another until the process
 * drains, and retires. A thread that died under a job is replaced before the next.
 */
export async function runSlot(settings: SlotSettings, shared: ProcessContext): Promise<void> {
  const { database, queue, stopping } = shared;
  const { host, device, trainer, threadOptions } = settings;
  let { thread } = settings;
  const { numericsId, samplesPerSecond } = thread;
  const registration = { host, pid: process.pid, device, numericsId, version };
  const { workerId } = await retryTransient(
    () =>
      registerWorker(database, {
        ...registration,
        ...(samplesPerSecond === null ? {} : { samplesPerSecond }),
      }),
    { signal: stopping.draining },
  );
  const log = shared.log.child({ worker: workerId, device });
  const heartbeat = every(heartbeatMs, () =>
    heartbeatWorker(database, workerId, { draining: stopping.draining.aborted }).catch((error) =>
      log.warn({ err: error }, 'no sign of life could be given; trying again'),
    ),
  );
  const consumer = queue.consumer(numericsId);
  try {
    while (!stopping.draining.aborted) {
      try {
        if (!thread.alive) thread = await ComputeThread.start({ trainer, measure: false }, threadOptions);
        await workOnNext(consumer, { ...shared, workerId, numericsId, thread, log });
      } catch (error) {
        log.error({ err: error }, 'the slot met a fault; it goes on');
        await sleep(faultPauseMs, undefined, { signal: stopping.draining }).catch(() => undefined);
      }
    }
  } finally {
    heartbeat.stop();
    const closed = farewell(() => consumer.close()).catch((error) =>
      log.warn({ err: error }, 'the queue was left without a word'),
    );
    await Promise.all([closed, thread.close()]);
    await retire(database, workerId, log);
  }
}

async function retire(database: Database, workerId: string, log: Logger): Promise<void> {
  try {
    await farewell(() => retireWorker(database, workerId));
    log.info('retired');
  } catch (error) {
    log.warn({ err: error }, 'left without a word: the service will find out by itself');
  }
}

/**
 * Works on one job. A job only says where to look: what is claimed in Postgres is worked on, and a refused claim
 * drops the job.
 */
async function workOnNext(consumer: JobConsumer, slot: SlotContext): Promise<void> {
  const { database, queue, stopping, log } = slot;
  const job = await consumer.next(stopping.draining);
  if (job === null) return;
  const claim = claimJob(job.payload, slot);
  // A job that can't be ended comes back, and its claim is refused then.
  const end = () => job.done().catch((error) => log.warn({ err: error }, 'a job could not be ended'));
  const ended = claim.then(end, end);
  const work = await claim;
  await Promise.all([work?.(), ended]);
  if (work === null) return;
  await relayOutbox(database, queue).catch((error) =>
    log.warn({ err: error }, 'wake-ups wait in the outbox'),
  );
}
