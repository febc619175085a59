import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError, WrongStateError } from './errors.ts';
import { lockOpenTrials } from './open-trials.ts';
import { inTransaction, type Transaction } from './transaction.ts';

/** A million epochs take a while to delete. */
const timeoutMs = 600_000;

interface ExperimentRow {
  readonly name: string;
  readonly state: string;
}

/**
 * Removes an experiment with all that belongs to it: stages, trials, epochs, checkpoints, picks, model files, events
 * and wake-ups. What runs of it is fenced off: its next write or lease extension finds nothing to write to. Only the
 * audit goes on telling of it. A repeated call changes nothing.
 *
 * @returns `deleted`: false where it had been deleted before.
 * @throws NotFoundError where there never was one.
 */
export function deleteExperiment(
  database: Database,
  experimentId: string,
  by: string,
): Promise<{ readonly deleted: boolean }> {
  return inTransaction(database, async (transaction) => {
    await lockOpenTrials(transaction, experimentId);
    const experiment = await lockForDeletion(transaction, experimentId);
    if (experiment === null) {
      if (await wasDeleted(transaction, experimentId)) return { deleted: false };
      throw new NotFoundError('experiment', experimentId);
    }
    await removeExperiment(transaction, experimentId, experiment, { by });
    return { deleted: true };
  });
}

/**
 * As deleteExperiment does, but only what has been over for so long.
 *
 * @returns false where it is gone, or under way again.
 * @throws WrongStateError where a repeat of one of its trials is under way.
 */
export function deleteOldExperiment(
  database: Database,
  experimentId: string,
  olderThanMs: number,
  by: string,
): Promise<boolean> {
  return inTransaction(database, async (transaction) => {
    const repeats = await lockOpenTrials(transaction, experimentId);
    const experiment = await lockForDeletion(transaction, experimentId);
    if (experiment === null) return false;
    const old = await transaction.query(
      `SELECT FROM experiments WHERE id = $1 AND finished_at < clock_timestamp() - $2 * interval '1 ms'`,
      [experimentId, olderThanMs],
    );
    if (old.rowCount === 0) return false;
    if (repeats > 0)
      throw new WrongStateError('experiment', experimentId, 'repeating a trial', 'one at rest');
    await removeExperiment(transaction, experimentId, experiment, { by, pruned: true });
    return true;
  });
}

async function lockForDeletion(transaction: Transaction, id: string): Promise<ExperimentRow | null> {
  const found = await transaction.query<ExperimentRow>(
    'SELECT name, state FROM experiments WHERE id = $1 FOR UPDATE',
    [id],
  );
  return found.rows[0] ?? null;
}

async function wasDeleted(transaction: Transaction, id: string): Promise<boolean> {
  const found = await transaction.query(
    `SELECT FROM audit WHERE experiment_id = $1 AND action = 'experiment.delete' LIMIT 1`,
    [id],
  );
  return found.rowCount === 1;
}

async function removeExperiment(
  transaction: Transaction,
  id: string,
  { name, state }: ExperimentRow,
  { by, ...details }: { readonly by: string; readonly pruned?: true },
): Promise<void> {
  await transaction.query('SET LOCAL statement_timeout = 0', []);
  await transaction.query(
    `UPDATE workers SET current_trial_id = NULL FROM trials
      WHERE current_trial_id = trials.id AND experiment_id = $1`,
    [id],
  );
  await transaction.query(
    `DELETE FROM outbox WHERE payload ->> 'experimentId' = $1::text
        OR payload ->> 'trialId' IN (SELECT trials.id::text FROM trials WHERE experiment_id = $1::uuid)`,
    [id],
  );
  // Everything else refers to it and goes with it.
  await transaction.query('DELETE FROM experiments WHERE id = $1', [id], timeoutMs);
  await audit(transaction, {
    by,
    action: 'experiment.delete',
    experimentId: id,
    details: { name, state, ...details },
  });
}
