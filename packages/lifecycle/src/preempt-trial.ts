import { appendEvent } from './append-event.ts';
import { endAttempt, type LockedTrial, trialFields } from './attempt.ts';
import { enqueueTrials } from './outbox.ts';
import type { Transaction } from './transaction.ts';

/** Takes a locked, running trial from its attempt, to go on from its latest checkpoint. Uses up no attempt. */
export async function preemptTrial(
  transaction: Transaction,
  trial: LockedTrial,
  reason: string,
): Promise<void> {
  const { attempt } = trial;
  await endAttempt(transaction, { trialId: trial.id, attempt }, 'preempted', reason);
  await transaction.query(
    `UPDATE trials SET state = 'preempted', preemptions = preemptions + 1, dispatch = dispatch + 1,
            dispatched_at = clock_timestamp() WHERE id = $1`,
    [trial.id],
  );
  await enqueueTrials(transaction, [trial.id]);
  await appendEvent(transaction, trial.experiment_id, 'trial.preempted', {
    ...trialFields(trial),
    attempt,
    reason,
  });
}
