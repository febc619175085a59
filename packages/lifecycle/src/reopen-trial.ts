import { appendEvent } from './append-event.ts';
import type { LockedTrial } from './attempt.ts';
import { WrongStateError } from './errors.ts';
import type { LockedEvaluation } from './evaluation.ts';
import { enqueueTrials } from './outbox.ts';
import type { Transaction } from './transaction.ts';

/**
 * Takes a failed trial out of its stage's count, so that it may be tried again. A stage that failed, since no trial
 * of it finished, runs again, and its experiment with it. Trial and experiment must be locked.
 *
 * @throws WrongStateError where the stage went on without the trial.
 */
export async function reopenFailedTrial(
  transaction: Transaction,
  trial: LockedTrial,
  experiment: LockedEvaluation,
  by: string,
): Promise<void> {
  if (trial.invalid) throw new WrongStateError('trial', trial.id, 'declared invalid', 'a valid one');
  if (trial.repeat_of !== null) {
    await refuseSecondRepeat(transaction, trial.id, trial.repeat_of);
    return;
  }
  const found = await transaction.query<{ state: string; position: number }>(
    'SELECT state, position FROM stages WHERE id = $1',
    [trial.stage_id],
  );
  const stage = found.rows[0]!;
  if (stage.state !== 'running' && stage.state !== 'failed') {
    const expected = `a trial of a stage that is under way: its ${trial.stage_name} stage is ${stage.state}`;
    throw new WrongStateError('trial', trial.id, trial.state, expected);
  }
  await transaction.query(
    `UPDATE stages SET state = 'running', failed_trials = failed_trials - 1, finished_at = NULL WHERE id = $1`,
    [trial.stage_id],
  );
  if (stage.state === 'running') return;
  await transaction.query(
    `UPDATE stages SET state = 'waiting', finished_at = NULL
      WHERE experiment_id = $1 AND position > $2 AND state = 'cancelled'`,
    [experiment.id, stage.position],
  );
  await transaction.query(
    `UPDATE experiments SET state = 'running', failure_reason = NULL, finished_at = NULL WHERE id = $1`,
    [experiment.id],
  );
  await appendEvent(transaction, experiment.id, 'experiment.reopened', { by });
}

/** @throws WrongStateError where another repeat of the same trial is under way. */
async function refuseSecondRepeat(transaction: Transaction, id: string, original: string): Promise<void> {
  const other = await transaction.query<{ id: string }>(
    `SELECT id FROM trials WHERE repeat_of = $1 AND state IN ('queued', 'running', 'preempted')`,
    [original],
  );
  const [open] = other.rows;
  if (open === undefined) return;
  throw new WrongStateError(
    'trial',
    id,
    'failed',
    `no other repeat of the same trial: ${open.id} is under way`,
  );
}

/** Puts a trial back in the queue with a fresh budget of attempts. */
export async function requeueTrial(transaction: Transaction, trialId: string): Promise<void> {
  await transaction.query(
    `UPDATE trials SET state = 'queued', failures = 0, failure_reason = NULL, finished_at = NULL,
            dispatch = dispatch + 1, dispatched_at = clock_timestamp() WHERE id = $1`,
    [trialId],
  );
  await enqueueTrials(transaction, [trialId]);
}
