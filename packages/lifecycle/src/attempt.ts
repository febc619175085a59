import type { StageName } from '@bitkiln/core';
import { StaleAttemptError, type StaleReason } from './errors.ts';
import type { TrialFields } from './events.ts';
import type { Transaction } from './transaction.ts';
import type { Fence, TrialState } from './types.ts';

/**
 * A trial's life:
 *
 * - **queued**: waits for a worker. Claiming it (claim-trial) makes it
 * - **running**: one attempt holds it by a lease. Each claim has the next attempt number, and every write carries
 *   it as a fencing token: once a later attempt exists, or this one has ended, the write is refused.
 *   - The lease lapses (reconcile), or the worker hands it back (release-trial): **preempted**. It waits like a
 *     queued one and goes on from its latest checkpoint, on workers of its numerics id. No attempt is used up.
 *   - The trial itself goes wrong (fail-trial): **queued** again, and after three failures **failed**.
 *   - Its last epoch is recorded and reported (complete-trial): **succeeded**.
 * - Cancelling the experiment makes what isn't over **cancelled**, as declaring the trial invalid does.
 *
 * Succeeded, failed and cancelled are final, and the stage counts each trial once as it gets there; only by request
 * does a failed one go back to the queue (retry-trial, restart-trial). While its experiment is paused nothing is
 * claimed, and a running trial is handed back after its epoch. An attempt's own row ends as succeeded, failed,
 * preempted or cancelled, and then says why.
 */
export interface LockedTrial {
  readonly id: string;
  readonly experiment_id: string;
  readonly stage_id: string;
  readonly stage_name: StageName;
  /** Epochs that a trial of its stage has in all. */
  readonly stage_epochs: number;
  readonly trial_index: number;
  readonly state: TrialState;
  readonly numerics_id: string | null;
  readonly attempt: number;
  readonly failures: number;
  readonly epochs_done: number;
  readonly validation_total: number | null;
  readonly best_loss: number | null;
  readonly best_loss_correct: number | null;
  readonly best_correct: number | null;
  /** The trial that this one repeats; a repeat counts in no stage and no pick. */
  readonly repeat_of: string | null;
  /** True once it was declared invalid. */
  readonly invalid: boolean;
}

export type AttemptEnd = 'succeeded' | 'failed' | 'preempted' | 'cancelled';

/** Locks a trial's row until the transaction ends; null where there is none. */
export async function lockTrial(transaction: Transaction, trialId: string): Promise<LockedTrial | null> {
  const found = await transaction.query<LockedTrial>(
    `SELECT id, experiment_id, stage_id, stage_name, trial_index, state, numerics_id, attempt, failures,
            epochs_done, validation_total, best_loss, best_loss_correct, best_correct, repeat_of,
            invalidated_at IS NOT NULL AS invalid,
            (SELECT epochs FROM stages WHERE stages.id = stage_id) AS stage_epochs
       FROM trials WHERE id = $1 FOR NO KEY UPDATE`,
    [trialId],
  );
  return found.rows[0] ?? null;
}

/**
 * Locks the trial of an attempt that wants to write.
 *
 * @throws StaleAttemptError where the attempt has ended or a later one exists.
 */
export async function lockAttempt(transaction: Transaction, fence: Fence): Promise<LockedTrial> {
  const trial = await lockTrial(transaction, fence.trialId);
  if (trial === null || !holds(trial, fence)) {
    throw new StaleAttemptError(describeFence(fence), staleReason(await attemptEnd(transaction, fence)));
  }
  return trial;
}

/**
 * Locks the trial of an attempt that reports its end.
 *
 * @returns `repeated`: this attempt has ended in that way before, so that there is nothing more to do.
 * @throws StaleAttemptError where the attempt has ended in another way or a later one exists.
 */
export async function lockReport(
  transaction: Transaction,
  fence: Fence,
  reported: AttemptEnd,
): Promise<{ readonly trial: LockedTrial; readonly repeated: boolean }> {
  const trial = await lockTrial(transaction, fence.trialId);
  if (trial !== null && holds(trial, fence)) return { trial, repeated: false };
  const end = await attemptEnd(transaction, fence);
  if (trial !== null && end === reported) return { trial, repeated: true };
  throw new StaleAttemptError(describeFence(fence), staleReason(end));
}

/** Whether an attempt may write. */
export function holds(trial: LockedTrial, fence: Fence): boolean {
  return trial.state === 'running' && trial.attempt === fence.attempt;
}

/** What became of an attempt; null where it runs still or never was. */
export async function attemptEnd(
  transaction: Transaction,
  fence: Fence,
): Promise<AttemptEnd | 'running' | null> {
  const found = await transaction.query<{ state: AttemptEnd | 'running' }>(
    'SELECT state FROM attempts WHERE trial_id = $1 AND number = $2',
    [fence.trialId, fence.attempt],
  );
  return found.rows[0]?.state ?? null;
}

/** Why an attempt that holds no lease may not write. */
export function staleReason(end: AttemptEnd | 'running' | null): StaleReason {
  if (end === null) return 'unknown';
  return end === 'cancelled' || end === 'preempted' ? end : 'ended';
}

/** CTEs that end attempt $2 of trial $1, and free its worker. */
export function endedAttempt(state: string, reason: string): string {
  return `ended AS (
       UPDATE attempts SET state = ${state}, reason = ${reason}, ended_at = clock_timestamp()
        WHERE trial_id = $1 AND number = $2 RETURNING worker_id
     ), freed AS (
       UPDATE workers SET current_trial_id = NULL FROM ended WHERE id = worker_id AND current_trial_id = $1
     )`;
}

/** Ends the attempt's own row. */
export async function endAttempt(
  transaction: Transaction,
  fence: Fence,
  state: AttemptEnd,
  reason: string | null,
): Promise<void> {
  await transaction.query(`WITH ${endedAttempt('$3', '$4')} SELECT`, [
    fence.trialId,
    fence.attempt,
    state,
    reason,
  ]);
}

export function describeFence({ trialId, attempt }: Fence): string {
  return `attempt ${attempt} of trial ${trialId}`;
}

/** What every event of a trial names it by. */
export function trialFields(trial: LockedTrial): TrialFields {
  const fields = { trialId: trial.id, stage: trial.stage_name, index: trial.trial_index };
  return trial.repeat_of === null ? fields : { ...fields, repeatOf: trial.repeat_of };
}
