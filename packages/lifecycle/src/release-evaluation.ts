import type { Database } from './database.ts';
import { lockExperiment, requeueEvaluation, staleEvaluationReason } from './evaluation.ts';
import { inTransaction } from './transaction.ts';
import type { EvaluationFence } from './types.ts';

/**
 * Hands an evaluation back from its attempt; it uses up none.
 *
 * @returns false where the attempt held it no more: there was nothing to hand back.
 */
export function releaseEvaluation(
  database: Database,
  fence: EvaluationFence,
  reason: string,
): Promise<boolean> {
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, fence.experimentId);
    if (experiment === null || staleEvaluationReason(experiment, fence) !== null) return false;
    await requeueEvaluation(transaction, experiment, 'evaluation.preempted', reason);
    return true;
  });
}
