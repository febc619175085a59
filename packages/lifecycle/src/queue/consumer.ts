import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job as BullJob, withBackend } from 'bullmq';
import type { JobPayload } from '../jobs.ts';
import { formatNumericsId, type NumericsId } from '../numerics.ts';
import { evaluationQueue, freshTrialQueue, numericsQueue } from '../queue-names.ts';
import { type SiblingFactory, workerOptions } from './backend.ts';
import type { JobConsumer, TakenJob } from './job-queue.ts';

/** How long an idle slot waits before it looks again: it doubles from the first to the last. */
const idleMs = { first: 50, last: 400 } as const;

/** A queue found empty is not asked again for so long, however often the slot looks: it costs as much as a job. */
const emptyForMs = 40;

/**
 * One slot's view of three queues, in the order of their urgency. Jobs are fetched by hand and one at a time, since
 * BullMQ's own loop reads one queue and would hold a job from each; waiting for one queue alone would let the
 * others starve, so an idle slot looks at all three again after a moment.
 */
export function createConsumer(
  numericsId: NumericsId,
  siblings: SiblingFactory,
  onError: (error: unknown) => void,
): JobConsumer {
  const { Worker } = withBackend(siblings);
  const names = [evaluationQueue, numericsQueue(formatNumericsId(numericsId)), freshTrialQueue];
  const workers = names.map((name) => {
    const options = { ...workerOptions, connection: {}, autorun: false };
    const worker = new Worker<JobPayload>(name, null, options);
    worker.on('error', onError);
    // By hand too: it gives back what a killed worker had taken.
    worker.startStalledCheckTimer().catch(onError);
    return worker;
  });

  const foundEmpty = new Map(workers.map((worker) => [worker, Number.NEGATIVE_INFINITY]));
  const look = async (): Promise<TakenJob | null> => {
    for (const worker of workers) {
      if (performance.now() - foundEmpty.get(worker)! < emptyForMs) continue;
      const token = randomUUID();
      const job = await worker.getNextJob(token, { block: false });
      if (job) return take(job, worker.name, token);
      foundEmpty.set(worker, performance.now());
    }
    return null;
  };

  return {
    next: async (signal) => {
      for (let waitMs: number = idleMs.first; !signal.aborted; waitMs = Math.min(idleMs.last, waitMs * 2)) {
        try {
          const job = await abandonable(look(), signal);
          if (job !== null) return job;
        } catch (error) {
          onError(error);
          waitMs = idleMs.last;
        }
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      }
      return null;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

function take(job: BullJob<JobPayload>, queue: string, token: string): TakenJob {
  return {
    jobId: job.id!,
    queue,
    payload: job.data,
    done: async () => {
      // A lock that lapsed meanwhile means that the job moves on: whoever takes it finds nothing to claim.
      await job.moveToCompleted(null, token, false).catch(() => undefined);
    },
  };
}

/** The look's result, or null once the signal is aborted: a job that it still finds moves on as stalled. */
function abandonable<T>(look: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const abandon = () => resolve(null);
    signal.addEventListener('abort', abandon, { once: true });
    look.then(resolve, reject).finally(() => signal.removeEventListener('abort', abandon));
  });
}
