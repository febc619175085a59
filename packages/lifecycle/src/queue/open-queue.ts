import { withBackend } from 'bullmq';
import type { Job, JobPayload } from '../jobs.ts';
import { evaluationQueue, freshTrialQueue } from '../queue-names.ts';
import { jobOptions, type SiblingFactory } from './backend.ts';
import { createConsumer } from './consumer.ts';
import type { JobQueue } from './job-queue.ts';
import { openPostgresBackend } from './postgres-backend.ts';
import { openRedisBackend } from './redis-backend.ts';
import { withTimeout } from './with-timeout.ts';

export interface QueueOptions {
  readonly databaseUrl: string;
  /** Where given, the queue is on Redis; else on the same Postgres as the data. */
  readonly redisUrl?: string | undefined;
  /** Lost connections and the like, which mend themselves; default: nothing. */
  readonly onError?: (error: unknown) => void;
}

/** Nothing asked of a queue takes longer than this: a queue that is away is an error, not a silence. */
const timeoutMs = 5000;

/**
 * Opens the queue, and readies its tables where it is on Postgres.
 *
 * @throws Error where its server can't be reached.
 */
export async function openQueue(options: QueueOptions): Promise<JobQueue> {
  const onError = options.onError ?? (() => undefined);
  const backend = options.redisUrl
    ? await openRedisBackend(options.redisUrl, onError)
    : await openPostgresBackend(options.databaseUrl, onError);
  const siblings: SiblingFactory = (name) => backend.root.forQueue(name);
  const { Queue } = withBackend(siblings);
  const queues = new Map<string, InstanceType<typeof Queue<JobPayload>>>();
  const queueOf = (name: string) => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue<JobPayload>(name, { connection: {} });
    queue.on('error', onError);
    queues.set(name, queue);
    return queue;
  };
  const limited = <T>(work: Promise<T>) => withTimeout(work, timeoutMs, `the ${backend.kind} queue`);

  return {
    kind: backend.kind,
    enqueue: async (jobs) => {
      for (const [name, group] of groupByQueue(jobs)) {
        const bulk = group.map(({ jobId, payload, turn = 0 }) => ({
          name: payload.kind,
          data: payload,
          opts: { ...jobOptions, jobId, priority: turn },
        }));
        await limited(queueOf(name).addBulk(bulk));
      }
    },
    missing: async (jobs) => {
      const missing: Job[] = [];
      for (const [name, group] of groupByQueue(jobs)) {
        queueOf(name);
        const ids = group.map(({ jobId }) => jobId);
        const held = await limited(backend.held(name, ids));
        missing.push(...group.filter(({ jobId }) => !held.has(jobId)));
      }
      return missing;
    },
    consumer: (numericsId) => createConsumer(numericsId, siblings, onError),
    ping: async () => {
      await limited(queueOf(freshTrialQueue).getJobCountByTypes('waiting'));
    },
    counts: () => {
      for (const name of [evaluationQueue, freshTrialQueue]) queueOf(name);
      const counted = [...queues].map(async ([queue, opened]) => {
        const {
          waiting = 0,
          prioritized = 0,
          active = 0,
        } = await opened.getJobCounts('waiting', 'prioritized', 'active');
        return { queue, waiting: waiting + prioritized, active };
      });
      return limited(Promise.all(counted));
    },
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      await backend.close();
    },
  };
}

function groupByQueue(jobs: readonly Job[]): Map<string, Job[]> {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const group = groups.get(job.queue);
    if (group === undefined) groups.set(job.queue, [job]);
    else group.push(job);
  }
  return groups;
}
