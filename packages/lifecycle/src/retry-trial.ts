import { appendEvent } from './append-event.ts';
import { lockTrial, trialFields } from './attempt.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError, WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { reopenFailedTrial, requeueTrial } from './reopen-trial.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { TrialState } from './types.ts';

/**
 * Gives a trial that was given up a new budget of attempts: it goes on from its latest checkpoint. A trial that
 * waits or runs already stays as it is, so that a repeated call changes nothing.
 *
 * @returns `changed`: false where there was nothing to do.
 * @throws NotFoundError; WrongStateError where it has succeeded or was cancelled, where its stage went on without it,
 * or where its checkpoint is gone.
 */
export function retryTrial(
  database: Database,
  trialId: string,
  by: string,
): Promise<{ readonly changed: boolean; readonly state: TrialState }> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockTrial(transaction, trialId);
    if (trial === null) throw new NotFoundError('trial', trialId);
    if (['queued', 'running', 'preempted'].includes(trial.state))
      return { changed: false, state: trial.state };
    if (trial.state !== 'failed') throw new WrongStateError('trial', trialId, trial.state, 'failed');
    const experiment = (await lockExperiment(transaction, trial.experiment_id))!;
    if (trial.epochs_done > 0 && !(await canResume(transaction, trialId))) {
      throw new WrongStateError(
        'trial',
        trialId,
        'failed, and its latest checkpoint was pruned',
        'a checkpoint to go on from: restart it instead',
      );
    }
    await reopenFailedTrial(transaction, trial, experiment, by);
    await requeueTrial(transaction, trialId);
    await appendEvent(transaction, experiment.id, 'trial.reopened', { ...trialFields(trial), by });
    await audit(transaction, { by, action: 'trial.retry', experimentId: experiment.id, trialId });
    return { changed: true, state: 'queued' };
  });
}

async function canResume(transaction: Transaction, trialId: string): Promise<boolean> {
  const found = await transaction.query(`SELECT FROM checkpoints WHERE trial_id = $1 AND kind = 'latest'`, [
    trialId,
  ]);
  return found.rowCount === 1;
}
