import { describeFence, endedAttempt, type LockedTrial, lockReport, trialFields } from './attempt.ts';
import { recordComparison } from './compare-repeat.ts';
import type { Database } from './database.ts';
import { InvalidEpochError } from './errors.ts';
import type { EventData } from './events.ts';
import { countTrial, experimentState } from './finish-stage.ts';
import { inTransaction, type Transaction } from './transaction.ts';
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
    const { trial, repeated } = await lockReport(transaction, fence, 'succeeded');
    if (repeated) {
      return { counted: false, experimentState: await experimentState(transaction, trial.experiment_id) };
    }
    if (trial.epochs_done !== trial.stage_epochs) {
      throw new InvalidEpochError(
        `${describeFence(fence)} has ${trial.epochs_done} epochs; expected ${trial.stage_epochs}`,
      );
    }
    await endAsSucceeded(transaction, trial, fence);
    if (trial.repeat_of !== null) await recordComparison(transaction, trial, trial.repeat_of);
    return { counted: true, experimentState: await countTrial(transaction, trial, 'succeeded') };
  });
}

/** Nothing resumes a finished trial: the optimizer's moments are two thirds of its bytes. Their hash stays. */
async function endAsSucceeded(
  transaction: Transaction,
  trial: LockedTrial,
  { attempt }: Fence,
): Promise<void> {
  const event: EventData['trial.succeeded'] = {
    ...trialFields(trial),
    attempt,
    bestLoss: trial.best_loss!,
    bestLossCorrect: trial.best_loss_correct!,
    bestCorrect: trial.best_correct!,
    validationTotal: trial.validation_total!,
  };
  await transaction.query(
    `WITH ${endedAttempt(`'succeeded'`, 'NULL')}, dropped AS (
       DELETE FROM checkpoints WHERE trial_id = $1 AND kind = 'latest' RETURNING sha256
     ), numbered AS (
       UPDATE experiments SET event_sequence = event_sequence + 1 WHERE id = $3 RETURNING event_sequence
     ), told AS (
       INSERT INTO events (experiment_id, sequence, type, data)
       SELECT $3, event_sequence, 'trial.succeeded', $4::jsonb FROM numbered
     )
     UPDATE trials SET state = 'succeeded', failure_reason = NULL, finished_at = clock_timestamp(),
            final_sha256 = (SELECT sha256 FROM dropped)
      WHERE id = $1`,
    [trial.id, attempt, trial.experiment_id, JSON.stringify(event)],
  );
}
