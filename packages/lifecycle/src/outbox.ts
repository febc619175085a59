import { evaluationQueue, freshTrialQueue } from './queue-names.ts';
import type { Transaction } from './transaction.ts';

/**
 * Commits wake-ups for trials along with the change that calls for them. A trial that has a numerics id goes to
 * that id's queue, a fresh one to the queue of all.
 */
export async function enqueueTrials(transaction: Transaction, trialIds: readonly string[]): Promise<void> {
  await transaction.query(
    `INSERT INTO outbox (job_id, queue, turn, payload)
     SELECT 'trial-' || id || '-' || dispatch,
            $2 || coalesce('-' || substr(encode(sha256(convert_to(numerics_id, 'UTF8')), 'hex'), 1, 12), ''),
            turn, jsonb_build_object('kind', 'trial', 'trialId', id)
       FROM trials WHERE id = ANY ($1::uuid[]) ORDER BY turn, stage_id, trial_index
     ON CONFLICT (job_id) DO NOTHING`,
    [trialIds, freshTrialQueue],
  );
}

/** Commits a wake-up for an experiment's evaluation. */
export async function enqueueEvaluation(transaction: Transaction, experimentId: string): Promise<void> {
  await transaction.query(
    `INSERT INTO outbox (job_id, queue, payload)
     SELECT 'evaluation-' || id || '-' || evaluation_dispatch, $2,
            jsonb_build_object('kind', 'evaluation', 'experimentId', id)
       FROM experiments WHERE id = $1
     ON CONFLICT (job_id) DO NOTHING`,
    [experimentId, evaluationQueue],
  );
}
