import type { BackendFactory, IQueueBackend } from 'bullmq';

/** What differs between the two kinds of queue; all else is BullMQ's own abstraction over them. */
export interface Backend {
  readonly kind: 'postgres' | 'redis';
  /** Holds the connections; every queue's backend is a sibling that shares them. */
  readonly root: IQueueBackend;
  /** Which of the job ids the named queue holds, in one round trip. */
  held(queue: string, jobIds: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/** Makes the backend of a named queue. It needs no connection of its own. */
export type SiblingFactory = BackendFactory<IQueueBackend, object>;

/**
 * A job is in hand only while it is claimed in Postgres, so locks are short: what a killed worker had just taken
 * moves on after about three seconds.
 */
export const workerOptions = { lockDuration: 3000, stalledInterval: 1000, maxStalledCount: 3 } as const;

/** A server that owes an answer for so long is not there any more. */
export const silenceMs = 3000;

/** BullMQ keeps no finished jobs: a kept id would swallow the trial's next wake-up. */
export const jobOptions = { removeOnComplete: true, removeOnFail: true } as const;
