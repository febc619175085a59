import { appendEvent } from './append-event.ts';
import { endAttempt, type LockedTrial, lockReport, trialFields } from './attempt.ts';
import type { Database } from './database.ts';
import { countTrial, experimentState } from './finish-stage.ts';
import { maxFailures } from './lease.ts';
import { enqueueTrials } from './outbox.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { FailTrialResult, Fence } from './types.ts';

/**
 * Reports that the trial itself went wrong. It is queued again, to go on from its latest checkpoint; after three
 * failures it is given up, and its stage goes on without it. A repeated call changes nothing.
 *
 * @param reason for people; kept with the attempt and the trial.
 * @throws StaleAttemptError where the attempt may not write any more.
 */
export function failTrial(database: Database, fence: Fence, reason: string): Promise<FailTrialResult> {
  return inTransaction(database, async (transaction) => {
    const { trial, repeated } = await lockReport(transaction, fence, 'failed');
    const told = trial.state === 'failed' ? 'failed' : 'queued';
    const trialState = repeated ? told : await failAttempt(transaction, trial, reason);
    return { trialState, experimentState: await experimentState(transaction, trial.experiment_id) };
  });
}

/** Ends a locked trial's running attempt as failed. */
export async function failAttempt(
  transaction: Transaction,
  trial: LockedTrial,
  reason: string,
): Promise<'queued' | 'failed'> {
  const { attempt } = trial;
  const trialState = trial.failures + 1 < maxFailures ? 'queued' : 'failed';
  await endAttempt(transaction, { trialId: trial.id, attempt }, 'failed', reason);
  await transaction.query(
    `UPDATE trials SET state = $2, failures = failures + 1, failure_reason = $3, dispatch = dispatch + 1,
            dispatched_at = clock_timestamp(),
            finished_at = CASE WHEN $2 = 'failed'::trial_state THEN clock_timestamp() END
      WHERE id = $1`,
    [trial.id, trialState, reason],
  );
  if (trialState === 'queued') await enqueueTrials(transaction, [trial.id]);
  await appendEvent(
    transaction,
    trial.experiment_id,
    trialState === 'queued' ? 'trial.retried' : 'trial.failed',
    { ...trialFields(trial), attempt, reason },
  );
  if (trialState === 'failed') await countTrial(transaction, trial, 'failed');
  return trialState;
}
