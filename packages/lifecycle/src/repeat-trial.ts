import { appendEvent } from './append-event.ts';
import { lockTrial, trialFields } from './attempt.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError, WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { newId } from './ids.ts';
import { enqueueTrials } from './outbox.ts';
import { inTransaction } from './transaction.ts';

/**
 * Trains a finished trial once more from the same seeds, on workers of the same numerics id, to see whether it comes
 * to the same bytes (complete-trial compares). The repeat is a trial of its own that counts in no stage and no pick,
 * and may be asked for after the experiment is over. While one is under way, a repeated call gives that one.
 *
 * @returns `created`: false where a repeat was under way.
 * @throws NotFoundError; WrongStateError where the trial has not succeeded, or is itself a repeat.
 */
export function repeatTrial(
  database: Database,
  trialId: string,
  by: string,
): Promise<{ readonly repeatId: string; readonly created: boolean }> {
  return inTransaction(database, async (transaction) => {
    const original = await lockTrial(transaction, trialId);
    if (original === null) throw new NotFoundError('trial', trialId);
    if (original.repeat_of !== null) {
      const expected = `a trial of its own: repeat ${original.repeat_of}`;
      throw new WrongStateError('trial', trialId, 'itself a repeat', expected);
    }
    if (original.state !== 'succeeded') {
      throw new WrongStateError('trial', trialId, original.state, 'succeeded');
    }
    await lockExperiment(transaction, original.experiment_id);
    const open = await transaction.query<{ id: string }>(
      `SELECT id FROM trials WHERE repeat_of = $1 AND state IN ('queued', 'running', 'preempted')`,
      [trialId],
    );
    const [under] = open.rows;
    if (under !== undefined) return { repeatId: under.id, created: false };
    const repeatId = newId();
    await transaction.query(
      `INSERT INTO trials (id, experiment_id, stage_id, stage_name, trial_index, numerics_id, reproducible, repeat_of)
       SELECT $2, experiment_id, stage_id, stage_name, trial_index, numerics_id, reproducible, id
         FROM trials WHERE id = $1`,
      [trialId, repeatId],
    );
    await enqueueTrials(transaction, [repeatId]);
    await appendEvent(transaction, original.experiment_id, 'trial.repeat-queued', {
      ...trialFields({ ...original, id: repeatId, repeat_of: trialId }),
      by,
    });
    await audit(transaction, {
      by,
      action: 'trial.repeat',
      experimentId: original.experiment_id,
      trialId,
      details: { repeatId },
    });
    return { repeatId, created: true };
  });
}
