import { holds, lockTrial } from './attempt.ts';
import type { Database } from './database.ts';
import { lockExperiment, requeueEvaluation } from './evaluation.ts';
import { defaultLeaseMs } from './lease.ts';
import { inGrace } from './lease-grace.ts';
import { findLostWakeups } from './lost-wakeups.ts';
import { preemptTrial } from './preempt-trial.ts';
import type { JobQueue } from './queue/job-queue.ts';
import { inTransaction } from './transaction.ts';
import type { ReconcileReport } from './types.ts';

/** How many lapsed leases one call takes back. The searches compare with now(), which an index can look up. */
const batch = 100;

/** A worker that gives no sign of life for so long counts as lost. */
const lostAfterMs = 15_000;

/**
 * Mends what no one reported: takes back trials and evaluations whose lease has lapsed, sends wake-ups again that
 * the queue has lost, and marks silent workers as lost. Every step judges by the database alone, under the row's
 * lock, so that any number of processes may run it at once.
 */
export async function reconcile(database: Database, queue: JobQueue): Promise<ReconcileReport> {
  return {
    preemptedTrials: await preemptLapsedTrials(database),
    preemptedEvaluations: await preemptLapsedEvaluations(database),
    resent: await findLostWakeups(database, queue),
    lostWorkers: await markLostWorkers(database),
  };
}

/**
 * True for one process in every `everyMs`, of all that ask: the fleet's upkeep costs the same however many
 * workers it has.
 */
export async function isUpkeepDue(database: Database, everyMs: number): Promise<boolean> {
  const taken = await database.pool.query(
    // After a time without upkeep the database was away, or everyone was: see inGrace.
    `UPDATE upkeep
        SET due_at = clock_timestamp() + $1 * interval '1 ms',
            grace_until = greatest(
              pg_postmaster_start_time() + $2 * interval '1 ms',
              CASE WHEN due_at < clock_timestamp() - $2 * interval '1 ms'
                   THEN clock_timestamp() + $2 * interval '1 ms' ELSE grace_until END)
      WHERE task = 'reconcile' AND due_at <= clock_timestamp()`,
    [everyMs, defaultLeaseMs],
  );
  return taken.rowCount === 1;
}

async function preemptLapsedTrials(database: Database): Promise<number> {
  const lapsed = await database.pool.query<{ trial_id: string; number: number }>(
    `SELECT trial_id, number FROM attempts
      WHERE state = 'running' AND lease_expires_at < now() AND NOT ${inGrace}
      ORDER BY lease_expires_at LIMIT $1`,
    [batch],
  );
  let preempted = 0;
  for (const { trial_id: trialId, number: attempt } of lapsed.rows) {
    preempted += await inTransaction(database, async (transaction) => {
      const trial = await lockTrial(transaction, trialId);
      if (trial === null || !holds(trial, { trialId, attempt })) return 0;
      // The worker may have extended it since.
      const still = await transaction.query(
        'SELECT 1 FROM attempts WHERE trial_id = $1 AND number = $2 AND lease_expires_at < clock_timestamp()',
        [trialId, attempt],
      );
      if (still.rowCount === 0) return 0;
      await preemptTrial(transaction, trial, 'lease lapsed');
      return 1;
    });
  }
  return preempted;
}

async function preemptLapsedEvaluations(database: Database): Promise<number> {
  const lapsed = await database.pool.query<{ id: string }>(
    `SELECT id FROM experiments
      WHERE state = 'evaluating' AND evaluation_lease_expires_at < now() AND NOT ${inGrace} LIMIT $1`,
    [batch],
  );
  let preempted = 0;
  for (const { id } of lapsed.rows) {
    preempted += await inTransaction(database, async (transaction) => {
      const experiment = await lockExperiment(transaction, id);
      if (experiment?.state !== 'evaluating' || !experiment.lapsed) return 0;
      await requeueEvaluation(transaction, experiment, 'evaluation.preempted', 'lease lapsed');
      return 1;
    });
  }
  return preempted;
}

async function markLostWorkers(database: Database): Promise<number> {
  const lost = await database.pool.query(
    `UPDATE workers SET state = 'lost'
      WHERE state IN ('online', 'draining') AND heartbeat_at < now() - $1 * interval '1 ms'`,
    [lostAfterMs],
  );
  return lost.rowCount ?? 0;
}
