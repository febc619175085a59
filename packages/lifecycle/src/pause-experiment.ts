import { appendEvent } from './append-event.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { NotFoundError, WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { countOpenTrials, lockOpenTrials } from './open-trials.ts';
import { enqueueEvaluation, enqueueTrials } from './outbox.ts';
import { inTransaction, OvertakenError } from './transaction.ts';

/**
 * Holds an experiment still: nothing of it is claimed any more, and what runs is handed back as soon as its epoch is
 * recorded (record-epoch tells the worker). Claims lock the experiment too, so that none slips by. A repeated call
 * changes nothing.
 *
 * @returns `changed`: false where it was paused already.
 * @throws NotFoundError; WrongStateError where it is over.
 */
export function pauseExperiment(
  database: Database,
  experimentId: string,
  by: string,
): Promise<{ readonly changed: boolean }> {
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, experimentId);
    if (experiment === null) throw new NotFoundError('experiment', experimentId);
    if (experiment.paused) return { changed: false };
    if (['succeeded', 'failed', 'cancelled'].includes(experiment.state)) {
      throw new WrongStateError('experiment', experimentId, experiment.state, 'one that is under way');
    }
    await transaction.query('UPDATE experiments SET paused_at = clock_timestamp() WHERE id = $1', [
      experimentId,
    ]);
    await appendEvent(transaction, experimentId, 'experiment.paused', { by });
    await audit(transaction, { by, action: 'experiment.pause', experimentId });
    return { changed: true };
  });
}

/**
 * Lets a paused experiment go on from where it stood, and sends the wake-ups that were dropped meanwhile. A repeated
 * call changes nothing.
 *
 * @returns `changed`: false where it was not paused.
 * @throws NotFoundError
 */
export function resumeExperiment(
  database: Database,
  experimentId: string,
  by: string,
): Promise<{ readonly changed: boolean }> {
  return inTransaction(database, async (transaction) => {
    const trials = await lockOpenTrials(transaction, experimentId);
    const experiment = await lockExperiment(transaction, experimentId);
    if (experiment === null) throw new NotFoundError('experiment', experimentId);
    if (!experiment.paused) return { changed: false };
    // The last running trial may have started the next stage between the two locks.
    if ((await countOpenTrials(transaction, experimentId)) !== trials) throw new OvertakenError();
    await transaction.query('UPDATE experiments SET paused_at = NULL WHERE id = $1', [experimentId]);
    const waiting = await transaction.query<{ id: string }>(
      `UPDATE trials SET dispatch = dispatch + 1, dispatched_at = clock_timestamp()
        WHERE experiment_id = $1 AND state IN ('queued', 'preempted') RETURNING id`,
      [experimentId],
    );
    await enqueueTrials(
      transaction,
      waiting.rows.map(({ id }) => id),
    );
    if (experiment.state === 'evaluating' && !experiment.leased) {
      await transaction.query(
        `UPDATE experiments SET evaluation_dispatch = evaluation_dispatch + 1,
                evaluation_dispatched_at = clock_timestamp() WHERE id = $1`,
        [experimentId],
      );
      await enqueueEvaluation(transaction, experimentId);
    }
    await appendEvent(transaction, experimentId, 'experiment.resumed', { by });
    await audit(transaction, { by, action: 'experiment.resume', experimentId });
    return { changed: true };
  });
}
