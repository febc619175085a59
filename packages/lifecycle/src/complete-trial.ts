import { appendEvent } from './append-event.ts';
import { attemptEnd, describeFence, endAttempt, lockAttempt, lockTrial, trialFields } from './attempt.ts';
import { recordComparison } from './compare-repeat.ts';
import type { Database } from './database.ts';
import { InvalidEpochError } from './errors.ts';
import { countTrial, experimentState } from './finish-stage.ts';
import { inTransaction } from './transaction.ts';
import type { CompleteTrialResult, Fence } from './types.ts';

/**
 * Counts a trial whose last epoch is recorded: once, however often it is called. The stage's last trial ends the
 * stage in the same transaction (finish-stage).
 *
 * @throws StaleAttemptError where the attempt may not write any more.
 * @throws InvalidEpochError where epochs are missing.
 */
export function completeTrial(database: Database, fence: Fence): Promise<CompleteTrialResult> {
  return inTransaction(database, async (transaction) => {
    const before = await lockTrial(transaction, fence.trialId);
    if (before !== null && (await attemptEnd(transaction, fence)) === 'succeeded') {
      return { counted: false, experimentState: await experimentState(transaction, before.experiment_id) };
    }
    const trial = await lockAttempt(transaction, fence);
    const found = await transaction.query<{ epochs: number }>('SELECT epochs FROM stages WHERE id = $1', [
      trial.stage_id,
    ]);
    const { epochs } = found.rows[0]!;
    if (trial.epochs_done !== epochs) {
      throw new InvalidEpochError(
        `${describeFence(fence)} has ${trial.epochs_done} epochs; expected ${epochs}`,
      );
    }
    await endAttempt(transaction, fence, 'succeeded', null);
    await transaction.query(
      `UPDATE trials SET state = 'succeeded', failure_reason = NULL, finished_at = clock_timestamp() WHERE id = $1`,
      [trial.id],
    );
    // Nothing resumes a finished trial: the optimizer's moments are two thirds of its bytes. Their hash stays.
    await transaction.query(
      `WITH dropped AS (DELETE FROM checkpoints WHERE trial_id = $1 AND kind = 'latest' RETURNING sha256)
       UPDATE trials SET final_sha256 = sha256 FROM dropped WHERE id = $1`,
      [trial.id],
    );
    await appendEvent(transaction, trial.experiment_id, 'trial.succeeded', {
      ...trialFields(trial),
      attempt: fence.attempt,
      bestLoss: trial.best_loss!,
      bestLossCorrect: trial.best_loss_correct!,
      bestCorrect: trial.best_correct!,
      validationTotal: trial.validation_total!,
    });
    if (trial.repeat_of === null) await countTrial(transaction, trial, 'succeeded');
    else await recordComparison(transaction, trial, trial.repeat_of);
    return { counted: true, experimentState: await experimentState(transaction, trial.experiment_id) };
  });
}
