import type { Job } from '../jobs.ts';
import type { NumericsId } from '../numerics.ts';

/**
 * A job in hand. Claim what it names, then call `done` at once, whatever the claim said: from the claim on, the
 * lease in Postgres guards the work, and nothing is held here while it trains.
 */
export interface TakenJob extends Job {
  done(): Promise<void>;
}

/** What one worker slot draws from: evaluations first, then trials begun under its numerics id, then fresh ones. */
export interface JobConsumer {
  /** Waits for a job; null once the signal is aborted. */
  next(signal: AbortSignal): Promise<TakenJob | null>;
  close(): Promise<void>;
}

export interface QueueCounts {
  readonly queue: string;
  readonly waiting: number;
  /** Taken and not yet done. */
  readonly active: number;
}

/** Wake-ups on their way to workers. It may lose any of them at any time: the reconciler sends them again. */
export interface JobQueue {
  readonly kind: 'postgres' | 'redis';
  /** Adds jobs in order; an id that the queue holds already is not added twice. */
  enqueue(jobs: readonly Job[]): Promise<void>;
  /** Those of `jobs` that the queue doesn't hold. */
  missing(jobs: readonly Job[]): Promise<readonly Job[]>;
  consumer(numericsId: NumericsId): JobConsumer;
  /** Throws where the queue's server doesn't answer. */
  ping(): Promise<void>;
  counts(): Promise<readonly QueueCounts[]>;
  close(): Promise<void>;
}
