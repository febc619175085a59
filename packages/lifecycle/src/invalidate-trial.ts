import { appendEvent } from './append-event.ts';
import { endAttempt, type LockedTrial, lockTrial, trialFields } from './attempt.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { countTrial } from './finish-stage.ts';
import { pickWithout } from './pick-without.ts';
import { inTransaction, type Transaction } from './transaction.ts';

export interface InvalidateResult {
  /** False where it was invalid already; the first reason stays. */
  readonly changed: boolean;
  /** True where its stage's pick was made again without it. */
  readonly repicked: boolean;
}

/**
 * Declares a trial invalid: it stays in the record, with the reason, and out of every pick. What is under way of it
 * ends, and its attempt is fenced off. Of a stage that is over, the pick is made again without the trial as long as
 * nothing has begun that follows from it (pick-without). A repeated call changes nothing.
 *
 * @throws NotFoundError; WrongStateError where another trial would have been picked without it, and what follows from
 * the pick has begun, or where no other trial of its stage has finished.
 */
export function invalidateTrial(
  database: Database,
  trialId: string,
  reason: string,
  by: string,
): Promise<InvalidateResult> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockTrial(transaction, trialId);
    if (trial === null) throw new NotFoundError('trial', trialId);
    if (trial.invalid) return { changed: false, repicked: false };
    const experiment = (await lockExperiment(transaction, trial.experiment_id))!;
    await transaction.query(
      'UPDATE trials SET invalidated_at = clock_timestamp(), invalid_reason = $2 WHERE id = $1',
      [trialId, reason],
    );
    await appendEvent(transaction, experiment.id, 'trial.invalidated', { ...trialFields(trial), by, reason });
    await audit(transaction, {
      by,
      action: 'trial.invalidate',
      experimentId: experiment.id,
      trialId,
      details: { reason },
    });
    if (['queued', 'running', 'preempted'].includes(trial.state)) {
      await endTrial(transaction, trial, reason);
      await countTrial(transaction, trial, 'invalid');
      return { changed: true, repicked: false };
    }
    if (trial.repeat_of !== null || trial.state === 'cancelled') return { changed: true, repicked: false };
    await transaction.query(
      `UPDATE stages SET ${trial.state}_trials = ${trial.state}_trials - 1, invalid_trials = invalid_trials + 1
        WHERE id = $1`,
      [trial.stage_id],
    );
    const repicked =
      trial.state === 'succeeded' && (await pickWithout(transaction, trial, experiment, reason));
    return { changed: true, repicked };
  });
}

async function endTrial(transaction: Transaction, trial: LockedTrial, reason: string): Promise<void> {
  const why = `declared invalid: ${reason}`;
  if (trial.state === 'running') {
    await endAttempt(transaction, { trialId: trial.id, attempt: trial.attempt }, 'cancelled', why);
  }
  await transaction.query(
    `UPDATE trials SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = $1`,
    [trial.id],
  );
  await transaction.query(`DELETE FROM checkpoints WHERE trial_id = $1 AND kind = 'latest'`, [trial.id]);
  await appendEvent(transaction, trial.experiment_id, 'trial.cancelled', {
    ...trialFields(trial),
    reason: why,
  });
}
