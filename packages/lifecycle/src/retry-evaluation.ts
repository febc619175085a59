import { appendEvent } from './append-event.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError, WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { enqueueEvaluation } from './outbox.ts';
import { inTransaction } from './transaction.ts';

/**
 * Evaluates the winner once more, with a new budget of attempts, where that had failed and the experiment with it.
 * An experiment that is evaluating already stays as it is, so that a repeated call changes nothing.
 *
 * @returns `changed`: false where there was nothing to do.
 * @throws NotFoundError; WrongStateError where the experiment did not fail over its winner's evaluation.
 */
export function retryEvaluation(
  database: Database,
  experimentId: string,
  by: string,
): Promise<{ readonly changed: boolean }> {
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, experimentId);
    if (experiment === null) throw new NotFoundError('experiment', experimentId);
    if (experiment.state === 'evaluating') return { changed: false };
    const picked = await transaction.query(
      `SELECT FROM stages WHERE experiment_id = $1 AND position = 2 AND state = 'succeeded'`,
      [experimentId],
    );
    if (experiment.state !== 'failed' || picked.rowCount === 0) {
      const expected = "one whose winner's evaluation failed; a failed trial is retried by its own id";
      throw new WrongStateError('experiment', experimentId, experiment.state, expected);
    }
    await transaction.query(
      `UPDATE experiments SET state = 'evaluating', failure_reason = NULL, finished_at = NULL,
              evaluation_failures = 0, evaluation_dispatch = evaluation_dispatch + 1,
              evaluation_dispatched_at = clock_timestamp() WHERE id = $1`,
      [experimentId],
    );
    await enqueueEvaluation(transaction, experimentId);
    await appendEvent(transaction, experimentId, 'experiment.reopened', { by });
    await audit(transaction, { by, action: 'evaluation.retry', experimentId });
    return { changed: true };
  });
}
