import { appendEvent } from './append-event.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { countOpenTrials, lockOpenTrials, openStates } from './open-trials.ts';
import { inTransaction, OvertakenError, type Transaction } from './transaction.ts';
import type { ExperimentState } from './types.ts';

/**
 * Ends an experiment and all of its trials that aren't over. Workers learn of it from their next lease extension
 * or write. Of an experiment that is over, the repeats under way end. A repeated call changes nothing.
 *
 * @returns `cancelled`: false where it was over already.
 * @throws NotFoundError
 */
export function cancelExperiment(
  database: Database,
  experimentId: string,
  reason = 'cancelled by request',
  by = 'system',
): Promise<{ readonly cancelled: boolean; readonly state: ExperimentState }> {
  return inTransaction(database, async (transaction) => {
    const trials = await lockOpenTrials(transaction, experimentId);
    const experiment = await lockExperiment(transaction, experimentId);
    if (experiment === null) throw new NotFoundError('experiment', experimentId);
    // The next stage may have started between the two locks.
    if ((await countOpenTrials(transaction, experimentId)) !== trials) throw new OvertakenError();
    const over = ['succeeded', 'failed', 'cancelled'].includes(experiment.state);
    if (over && trials === 0) return { cancelled: false, state: experiment.state };
    await endTrials(transaction, experimentId, reason);
    await audit(transaction, { by, action: 'experiment.cancel', experimentId, details: { reason } });
    if (over) return { cancelled: false, state: experiment.state };
    await transaction.query(
      `UPDATE stages SET state = 'cancelled', finished_at = clock_timestamp()
        WHERE experiment_id = $1 AND state IN ('waiting', 'running')`,
      [experimentId],
    );
    await transaction.query(
      `UPDATE experiments SET state = 'cancelled', finished_at = clock_timestamp(), paused_at = NULL,
              evaluation_worker_id = NULL, evaluation_lease_expires_at = NULL WHERE id = $1`,
      [experimentId],
    );
    await appendEvent(transaction, experimentId, 'experiment.cancelled', { by, reason });
    return { cancelled: true, state: 'cancelled' };
  });
}

/** Nothing resumes a cancelled trial, so that what it would have resumed from goes too. */
async function endTrials(transaction: Transaction, experimentId: string, reason: string): Promise<void> {
  await transaction.query(
    `WITH ended AS (
       UPDATE attempts SET state = 'cancelled', reason = $2, ended_at = clock_timestamp()
         FROM trials WHERE trials.id = trial_id AND experiment_id = $1 AND attempts.state = 'running'
       RETURNING trial_id, worker_id
     )
     UPDATE workers SET current_trial_id = NULL FROM ended WHERE id = worker_id AND current_trial_id = trial_id`,
    [experimentId, reason],
  );
  await transaction.query(
    `WITH ended AS (
       UPDATE trials SET state = 'cancelled', finished_at = clock_timestamp()
        WHERE experiment_id = $1 AND state IN ${openStates} RETURNING id
     )
     DELETE FROM checkpoints USING ended WHERE trial_id = id AND kind = 'latest'`,
    [experimentId],
  );
}
