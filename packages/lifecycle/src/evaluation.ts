import { appendEvent } from './append-event.ts';
import { StaleAttemptError, type StaleReason } from './errors.ts';
import { inGrace } from './lease-grace.ts';
import { enqueueEvaluation } from './outbox.ts';
import type { Transaction } from './transaction.ts';
import type { EvaluationFence, ExperimentState } from './types.ts';

/**
 * The winner's evaluation lives in its experiment's row, while that is **evaluating**: it waits (no lease), or an
 * attempt holds it by a lease, with its number as the fencing token. A lapsed lease or a release makes it wait
 * again; a failure too, and the third fails the experiment; the recorded winner makes the experiment succeed.
 */
export interface LockedEvaluation {
  readonly id: string;
  readonly state: ExperimentState;
  readonly evaluation_attempt: number;
  readonly evaluation_failures: number;
  readonly leased: boolean;
  readonly lapsed: boolean;
  readonly paused: boolean;
  readonly format: number;
}

/** Locks an experiment's row until the transaction ends; null where there is none. */
export async function lockExperiment(transaction: Transaction, id: string): Promise<LockedEvaluation | null> {
  const found = await transaction.query<LockedEvaluation>(
    `SELECT id, state, evaluation_attempt, evaluation_failures,
            evaluation_lease_expires_at IS NOT NULL AS leased,
            coalesce(evaluation_lease_expires_at < clock_timestamp(), false) AND NOT ${inGrace} AS lapsed,
            paused_at IS NOT NULL AS paused, format
       FROM experiments WHERE id = $1 FOR NO KEY UPDATE`,
    [id],
  );
  return found.rows[0] ?? null;
}

/**
 * Locks the experiment of an evaluation's attempt that wants to write.
 *
 * @throws StaleAttemptError where the attempt has ended or a later one exists.
 */
export async function lockEvaluation(
  transaction: Transaction,
  fence: EvaluationFence,
): Promise<LockedEvaluation> {
  const experiment = await lockExperiment(transaction, fence.experimentId);
  const reason = staleEvaluationReason(experiment, fence);
  if (reason !== null) {
    throw new StaleAttemptError(
      `evaluation attempt ${fence.attempt} of experiment ${fence.experimentId}`,
      reason,
    );
  }
  return experiment!;
}

/** Why an attempt may not write; null where it may. */
export function staleEvaluationReason(
  experiment: Pick<LockedEvaluation, 'state' | 'evaluation_attempt' | 'leased'> | null,
  fence: EvaluationFence,
): StaleReason | null {
  if (experiment === null || fence.attempt > experiment.evaluation_attempt) return 'unknown';
  if (experiment.state === 'cancelled') return 'cancelled';
  if (experiment.state !== 'evaluating') return 'ended';
  return experiment.leased && fence.attempt === experiment.evaluation_attempt ? null : 'preempted';
}

/** Makes a locked evaluation wait for a worker again. */
export async function requeueEvaluation(
  transaction: Transaction,
  experiment: LockedEvaluation,
  event: 'evaluation.preempted' | 'evaluation.retried',
  reason: string,
): Promise<void> {
  await transaction.query(
    `UPDATE experiments SET evaluation_worker_id = NULL, evaluation_lease_expires_at = NULL,
            evaluation_dispatch = evaluation_dispatch + 1, evaluation_dispatched_at = clock_timestamp()
      WHERE id = $1`,
    [experiment.id],
  );
  await enqueueEvaluation(transaction, experiment.id);
  await appendEvent(transaction, experiment.id, event, { attempt: experiment.evaluation_attempt, reason });
}
