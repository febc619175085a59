import { appendEvent } from './append-event.ts';
import { type LockedTrial, lockTrial, trialFields } from './attempt.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError, WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { reopenFailedTrial, requeueTrial } from './reopen-trial.ts';
import { inTransaction, type Transaction } from './transaction.ts';

/**
 * Drops a waiting or failed trial's epochs and checkpoints, so that it starts from epoch 0 under the numerics id of
 * whichever worker claims it: the way on for a trial that no live worker may resume, or whose checkpoint is damaged.
 * A trial that has nothing to drop stays as it is, so that a repeated call changes nothing.
 *
 * @returns `changed`: false where there was nothing to do.
 * @throws NotFoundError; WrongStateError where it runs, is over, or is a repeat (which must keep its numerics id).
 */
export function restartTrial(
  database: Database,
  trialId: string,
  by: string,
): Promise<{ readonly changed: boolean }> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockTrial(transaction, trialId);
    if (trial === null) throw new NotFoundError('trial', trialId);
    if (trial.repeat_of !== null) {
      throw new WrongStateError('trial', trialId, 'a repeat', 'a trial that may change its numerics id');
    }
    if (!['queued', 'preempted', 'failed'].includes(trial.state)) {
      throw new WrongStateError('trial', trialId, trial.state, 'queued, preempted or failed');
    }
    if (trial.state === 'queued' && trial.numerics_id === null) return { changed: false };
    const experiment = (await lockExperiment(transaction, trial.experiment_id))!;
    if (trial.state === 'failed') await reopenFailedTrial(transaction, trial, experiment, by);
    await dropProgress(transaction, trial);
    await requeueTrial(transaction, trialId);
    const dropped = { droppedEpochs: trial.epochs_done, numericsId: trial.numerics_id };
    await appendEvent(transaction, experiment.id, 'trial.restarted', {
      ...trialFields(trial),
      ...dropped,
      by,
    });
    await audit(transaction, {
      by,
      action: 'trial.restart',
      experimentId: experiment.id,
      trialId,
      details: dropped,
    });
    return { changed: true };
  });
}

/** The attempts stay in the record, and their number goes on: it is the fencing token. */
async function dropProgress(transaction: Transaction, trial: LockedTrial): Promise<void> {
  await transaction.query('DELETE FROM epochs WHERE trial_id = $1', [trial.id]);
  await transaction.query('DELETE FROM checkpoints WHERE trial_id = $1', [trial.id]);
  for (const [table, id] of [
    ['experiments', trial.experiment_id],
    ['stages', trial.stage_id],
  ] as const) {
    await transaction.query(
      `UPDATE ${table} SET epochs_done = ${table}.epochs_done - $2,
              trained_ms = greatest(0, ${table}.trained_ms - trials.trained_ms)
         FROM trials WHERE ${table}.id = $1 AND trials.id = $3`,
      [id, trial.epochs_done, trial.id],
    );
  }
  await transaction.query(
    `UPDATE trials SET epochs_done = 0, trained_ms = 0, validation_total = NULL, best_loss = NULL,
            best_loss_epoch = NULL, best_loss_correct = NULL, best_correct = NULL, best_correct_epoch = NULL,
            best_correct_loss = NULL, numerics_id = NULL, reproducible = NULL WHERE id = $1`,
    [trial.id],
  );
}
