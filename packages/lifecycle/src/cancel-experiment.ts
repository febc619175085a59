import { appendEvent } from './append-event.ts';
import type { Database } from './database.ts';
import { NotFoundError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { inTransaction, OvertakenError, type Transaction } from './transaction.ts';
import type { ExperimentState } from './types.ts';

const waitingOrRunning = `('queued', 'running', 'preempted')`;

/**
 * Ends an experiment and all of its trials that aren't over. Workers learn of it from their next lease extension
 * or write. A repeated call changes nothing.
 *
 * @returns `cancelled`: false where it was over already.
 * @throws NotFoundError
 */
export function cancelExperiment(
  database: Database,
  experimentId: string,
  reason = 'cancelled by request',
): Promise<{ readonly cancelled: boolean; readonly state: ExperimentState }> {
  return inTransaction(database, async (transaction) => {
    const trials = await lockOpenTrials(transaction, experimentId);
    const experiment = await lockExperiment(transaction, experimentId);
    if (experiment === null) throw new NotFoundError('experiment', experimentId);
    if (['succeeded', 'failed', 'cancelled'].includes(experiment.state)) {
      return { cancelled: false, state: experiment.state };
    }
    // The next stage may have started between the two locks.
    if ((await openTrials(transaction, experimentId)) !== trials) throw new OvertakenError();
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
      `UPDATE trials SET state = 'cancelled', finished_at = clock_timestamp()
        WHERE experiment_id = $1 AND state IN ${waitingOrRunning}`,
      [experimentId],
    );
    await transaction.query(
      `UPDATE stages SET state = 'cancelled', finished_at = clock_timestamp()
        WHERE experiment_id = $1 AND state IN ('waiting', 'running')`,
      [experimentId],
    );
    await transaction.query(
      `UPDATE experiments SET state = 'cancelled', finished_at = clock_timestamp(), evaluation_worker_id = NULL,
              evaluation_lease_expires_at = NULL WHERE id = $1`,
      [experimentId],
    );
    await appendEvent(transaction, experimentId, 'experiment.cancelled', { reason });
    return { cancelled: true, state: 'cancelled' };
  });
}

async function lockOpenTrials(transaction: Transaction, experimentId: string): Promise<number> {
  const locked = await transaction.query(
    `SELECT id FROM trials WHERE experiment_id = $1 AND state IN ${waitingOrRunning} ORDER BY id FOR NO KEY UPDATE`,
    [experimentId],
  );
  return locked.rowCount ?? 0;
}

async function openTrials(transaction: Transaction, experimentId: string): Promise<number> {
  const found = await transaction.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM trials WHERE experiment_id = $1 AND state IN ${waitingOrRunning}`,
    [experimentId],
  );
  return found.rows[0]!.count;
}
