import type { Database } from './database.ts';
import { type LockedEvaluation, lockEvaluation, requeueEvaluation } from './evaluation.ts';
import { failExperiment } from './finish-stage.ts';
import { maxFailures } from './lease.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { EvaluationFence, ExperimentState } from './types.ts';

/**
 * Reports that the evaluation itself went wrong. It is queued again; the third failure fails the experiment.
 *
 * @throws StaleAttemptError where the attempt may not write any more.
 */
export function failEvaluation(
  database: Database,
  fence: EvaluationFence,
  reason: string,
): Promise<{ readonly experimentState: ExperimentState }> {
  return inTransaction(database, async (transaction) => {
    const experiment = await lockEvaluation(transaction, fence);
    return { experimentState: await failLockedEvaluation(transaction, experiment, reason) };
  });
}

/** Ends a locked evaluation's attempt as failed. */
export async function failLockedEvaluation(
  transaction: Transaction,
  experiment: LockedEvaluation,
  reason: string,
): Promise<'evaluating' | 'failed'> {
  await transaction.query(
    'UPDATE experiments SET evaluation_failures = evaluation_failures + 1 WHERE id = $1',
    [experiment.id],
  );
  if (experiment.evaluation_failures + 1 < maxFailures) {
    await requeueEvaluation(transaction, experiment, 'evaluation.retried', reason);
    return 'evaluating';
  }
  await transaction.query(
    'UPDATE experiments SET evaluation_worker_id = NULL, evaluation_lease_expires_at = NULL WHERE id = $1',
    [experiment.id],
  );
  await failExperiment(transaction, experiment.id, `the winner could not be evaluated: ${reason}`);
  return 'failed';
}
