import type { Database } from './database.ts';
import type { Job } from './jobs.ts';
import { enqueueEvaluation, enqueueTrials } from './outbox.ts';
import type { JobQueue } from './queue/job-queue.ts';
import { evaluationQueue, freshTrialQueue, numericsQueue } from './queue-names.ts';
import { inTransaction } from './transaction.ts';

/** How many waiting trials one call asks the queue about. */
const batch = 500;

/** A wake-up may take this long to reach a worker before anyone asks after it. */
const graceMs = 3000;

/**
 * Asks the queue whether it holds the wake-ups of what has waited for a while, the longest unasked first, and
 * commits those again that it has lost (Redis was flushed, or failed over to a replica that lagged).
 *
 * @returns how many were lost.
 */
export async function findLostWakeups(database: Database, queue: JobQueue): Promise<number> {
  const waiting = [...(await waitingTrials(database)), ...(await waitingEvaluations(database))];
  const missing = await queue.missing(waiting);
  if (missing.length === 0) return 0;
  await inTransaction(database, async (transaction) => {
    const trialIds = missing.flatMap(({ payload }) => (payload.kind === 'trial' ? [payload.trialId] : []));
    const stillWaiting = await transaction.query<{ id: string }>(
      `SELECT id FROM trials WHERE id = ANY ($1::uuid[]) AND state IN ('queued', 'preempted')`,
      [trialIds],
    );
    await enqueueTrials(
      transaction,
      stillWaiting.rows.map(({ id }) => id),
    );
    for (const { payload } of missing) {
      if (payload.kind === 'evaluation') await enqueueEvaluation(transaction, payload.experimentId);
    }
  });
  return missing.length;
}

/**
 * Those asked about go to the end of the line; those of a paused experiment leave it (no time at all), until resuming
 * puts them back.
 */
async function waitingTrials(database: Database): Promise<readonly Job[]> {
  const found = await database.pool.query<{
    id: string;
    dispatch: number;
    numerics_id: string | null;
    paused: boolean;
  }>(
    `UPDATE trials SET dispatched_at = CASE WHEN paused_at IS NULL THEN clock_timestamp() END
       FROM experiments e
      WHERE e.id = experiment_id
        AND trials.id = ANY (ARRAY(
              SELECT id FROM trials
               WHERE state IN ('queued', 'preempted') AND dispatched_at < now() - $1 * interval '1 ms'
               ORDER BY dispatched_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED))
     RETURNING trials.id, dispatch, numerics_id, dispatched_at IS NULL AS paused`,
    [graceMs, batch],
  );
  const awake = found.rows.filter(({ paused }) => !paused);
  return awake.map((trial) => ({
    jobId: `trial-${trial.id}-${trial.dispatch}`,
    queue: trial.numerics_id === null ? freshTrialQueue : numericsQueue(trial.numerics_id),
    payload: { kind: 'trial', trialId: trial.id },
  }));
}

async function waitingEvaluations(database: Database): Promise<readonly Job[]> {
  const found = await database.pool.query<{ id: string; evaluation_dispatch: number }>(
    `UPDATE experiments SET evaluation_dispatched_at = clock_timestamp()
      WHERE id = ANY (ARRAY(
              SELECT id FROM experiments
               WHERE state = 'evaluating' AND evaluation_lease_expires_at IS NULL AND paused_at IS NULL
                 AND evaluation_dispatched_at < now() - $1 * interval '1 ms'
               ORDER BY evaluation_dispatched_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED))
     RETURNING id, evaluation_dispatch`,
    [graceMs, batch],
  );
  return found.rows.map((experiment) => ({
    jobId: `evaluation-${experiment.id}-${experiment.evaluation_dispatch}`,
    queue: evaluationQueue,
    payload: { kind: 'evaluation', experimentId: experiment.id },
  }));
}
