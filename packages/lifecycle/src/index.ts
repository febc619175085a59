import type { Database } from './database.ts';
import type { Job } from './jobs.ts';
import type * as T from './types.ts';

export { connectDatabase, type Database, type DatabaseOptions, describeUrl } from './database.ts';
export * from './errors.ts';
export { type EventData, type EventType, finalEventTypes } from './events.ts';
export type { PrismaClient } from './generated/client.ts';
export { Prisma } from './generated/client.ts';
export { newId } from './ids.ts';
export type { Job, JobPayload } from './jobs.ts';
export { MigrationError, migrate } from './migrate.ts';
export { formatNumericsId, type NumericsId } from './numerics.ts';
export type * from './types.ts';

// The declarations below are replaced by their modules one by one; the signatures stay.

export declare const defaultLeaseMs: number;
/** A worker extends its leases this often. */
export declare const heartbeatMs: number;

export declare function submitExperiment(
  database: Database,
  experiment: T.NewExperiment,
): Promise<{ readonly experimentId: string; readonly created: boolean }>;
export declare function claimTrial(database: Database, input: T.ClaimTrialInput): Promise<T.ClaimTrialResult>;
/** Pins the images' hash for the experiment; throws DataMismatchError where another is pinned, StaleAttemptError. */
export declare function pinData(database: Database, fence: T.Fence, dataHash: string): Promise<void>;
export declare function extendLease(
  database: Database,
  fence: T.Fence,
  leaseMs?: number,
): Promise<T.LeaseResult>;
/** Throws StaleAttemptError, InvalidEpochError. */
export declare function recordEpoch(
  database: Database,
  fence: T.Fence,
  record: T.EpochRecord,
): Promise<T.RecordEpochResult>;
export declare function completeTrial(database: Database, fence: T.Fence): Promise<T.CompleteTrialResult>;
export declare function failTrial(
  database: Database,
  fence: T.Fence,
  reason: string,
): Promise<T.FailTrialResult>;
/** Hands the trial back as preempted; it uses up no attempt. */
export declare function releaseTrial(database: Database, fence: T.Fence, reason: string): Promise<void>;

export declare function claimEvaluation(
  database: Database,
  input: { readonly experimentId: string; readonly workerId: string; readonly leaseMs?: number },
): Promise<T.ClaimEvaluationResult>;
export declare function extendEvaluationLease(
  database: Database,
  fence: T.EvaluationFence,
  leaseMs?: number,
): Promise<T.LeaseResult>;
export declare function recordWinner(
  database: Database,
  fence: T.EvaluationFence,
  winner: T.WinnerRecord,
): Promise<{ readonly recorded: boolean }>;
export declare function failEvaluation(
  database: Database,
  fence: T.EvaluationFence,
  reason: string,
): Promise<{ readonly experimentState: T.ExperimentState }>;
export declare function releaseEvaluation(
  database: Database,
  fence: T.EvaluationFence,
  reason: string,
): Promise<void>;

/** Idempotent; throws NotFoundError. `cancelled` is false where the experiment was over already. */
export declare function cancelExperiment(
  database: Database,
  experimentId: string,
  reason?: string,
): Promise<{ readonly cancelled: boolean; readonly state: T.ExperimentState }>;

export declare function registerWorker(
  database: Database,
  worker: T.NewWorker,
): Promise<{ readonly workerId: string }>;
export declare function heartbeatWorker(
  database: Database,
  workerId: string,
  status?: {
    readonly draining?: boolean;
    readonly currentTrialId?: string | null;
    readonly samplesPerSecond?: number;
  },
): Promise<void>;
export declare function retireWorker(database: Database, workerId: string): Promise<void>;

/** Sends committed wake-ups to the queue; returns how many. Call it after submit, complete, fail, release. */
export declare function relayOutbox(database: Database, queue: JobQueue): Promise<number>;
export declare function reconcile(database: Database, queue: JobQueue): Promise<T.ReconcileReport>;
/** Relays and reconciles in a loop; every API and worker process runs one. */
export declare function startMaintenance(
  database: Database,
  queue: JobQueue,
  options?: {
    readonly onError?: (error: unknown) => void;
    readonly onReport?: (report: T.ReconcileReport) => void;
  },
): { stop(): Promise<void> };
/** True for errors that go by themselves: lost connections, restarts, deadlocks, exhausted connections. */
export declare function isTransientError(error: unknown): boolean;
/** Repeats an idempotent verb with backoff while it fails with a transient error. */
export declare function retryTransient<T>(
  run: () => Promise<T>,
  options?: { readonly signal?: AbortSignal; readonly onRetry?: (error: unknown, delayMs: number) => void },
): Promise<T>;

/** A job in hand. Claim what it names, then call `done` at once, whatever the claim said: leases guard the work. */
export interface TakenJob extends Job {
  done(): Promise<void>;
}
/** One worker slot's view: evaluations first, then its own numerics id's trials, then fresh ones. */
export interface JobConsumer {
  /** Waits for a job; null once the signal is aborted. */
  next(signal: AbortSignal): Promise<TakenJob | null>;
  close(): Promise<void>;
}
export interface QueueCounts {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
}
export interface JobQueue {
  readonly kind: 'postgres' | 'redis';
  enqueue(jobs: readonly Job[]): Promise<void>;
  /** Those of `jobs` that the queue doesn't hold. */
  missing(jobs: readonly Job[]): Promise<readonly Job[]>;
  consumer(numericsId: T.NewWorker['numericsId']): JobConsumer;
  /** Throws where the queue's server doesn't answer. */
  ping(): Promise<void>;
  counts(): Promise<readonly QueueCounts[]>;
  close(): Promise<void>;
}
export declare function openQueue(options: {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
}): Promise<JobQueue>;
