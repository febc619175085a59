import { appendEvent } from './append-event.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { deleteOldExperiment } from './delete-experiment.ts';
import { findDiskUsage } from './disk-usage.ts';
import { WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { inTransaction } from './transaction.ts';

export interface PruneRules {
  /**
   * `checkpoints`: of each experiment, all but the lowest-loss checkpoints that were picked. `experiments`: whole
   * experiments.
   */
  readonly what: 'checkpoints' | 'experiments';
  /** Only what has been over for longer. */
  readonly olderThanMs: number;
  /** The newest experiments, by their end, that stay whatever their age. */
  readonly keep: number;
  /** Tell what would go, and leave it. */
  readonly dryRun: boolean;
}

export interface PrunedExperiment {
  readonly id: string;
  readonly name: string;
  readonly finishedAt: Date;
  readonly checkpoints: number;
  /** Of those checkpoints, or of the whole experiment. */
  readonly bytes: number;
}

/** Removes old data by a stated rule; what is under way is never touched. Repeated, it finds nothing more to do. */
export async function prune(
  database: Database,
  rules: PruneRules,
  by: string,
): Promise<readonly PrunedExperiment[]> {
  const pruned: PrunedExperiment[] = [];
  for (const candidate of await findCandidates(database, rules)) {
    const result =
      rules.what === 'experiments'
        ? await pruneExperiment(database, candidate, rules, by)
        : await pruneCheckpoints(database, candidate, rules, by);
    if (result !== null) pruned.push({ ...candidate, ...result });
  }
  return pruned;
}

interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly finishedAt: Date;
}

interface Removed {
  readonly checkpoints: number;
  readonly bytes: number;
}

async function findCandidates(database: Database, rules: PruneRules): Promise<readonly Candidate[]> {
  const found = await database.pool.query<Candidate>(
    `SELECT id, name, finished_at AS "finishedAt"
       FROM (SELECT id, name, finished_at FROM experiments WHERE finished_at IS NOT NULL
              ORDER BY finished_at DESC, id DESC OFFSET $1) AS older
      WHERE finished_at < clock_timestamp() - $2 * interval '1 ms'
      ORDER BY finished_at, id`,
    [rules.keep, rules.olderThanMs],
  );
  return found.rows;
}

async function pruneExperiment(
  database: Database,
  { id }: Candidate,
  { olderThanMs, dryRun }: PruneRules,
  by: string,
): Promise<Removed | null> {
  const usage = await findDiskUsage(database, id);
  if (usage === null) return null;
  const removed = {
    checkpoints: usage.checkpoints.reduce((sum, { count }) => sum + count, 0),
    bytes: usage.totalBytes,
  };
  if (dryRun) return removed;
  try {
    return (await deleteOldExperiment(database, id, olderThanMs, by)) ? removed : null;
  } catch (error) {
    if (error instanceof WrongStateError) return null;
    throw error;
  }
}

/** SQL: the checkpoints that a rule removes of experiment $1. What others start from, or were evaluated with, stays. */
const removable = `
  SELECT c.trial_id, c.kind, octet_length(c.parameters) + coalesce(octet_length(c.first_moment), 0)
         + coalesce(octet_length(c.second_moment), 0) AS bytes
    FROM checkpoints c JOIN trials t ON t.id = c.trial_id JOIN stages s ON s.id = t.stage_id
   WHERE t.experiment_id = $1 AND t.state IN ('succeeded', 'failed', 'cancelled')
     AND NOT (c.kind = 'lowestLoss' AND s.picked_trial_id IS NOT DISTINCT FROM t.id)`;

function pruneCheckpoints(
  database: Database,
  { id }: Candidate,
  { olderThanMs, dryRun }: PruneRules,
  by: string,
): Promise<Removed | null> {
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, id);
    const old = await transaction.query(
      `SELECT FROM experiments WHERE id = $1 AND finished_at < clock_timestamp() - $2 * interval '1 ms'`,
      [id, olderThanMs],
    );
    if (experiment === null || old.rowCount === 0) return null;
    const counted = await transaction.query<Removed>(
      dryRun
        ? `SELECT count(*)::int AS checkpoints, coalesce(sum(bytes), 0)::float8 AS bytes FROM (${removable}) AS r`
        : `WITH r AS (${removable}),
           gone AS (DELETE FROM checkpoints c USING r WHERE c.trial_id = r.trial_id AND c.kind = r.kind)
           SELECT count(*)::int AS checkpoints, coalesce(sum(bytes), 0)::float8 AS bytes FROM r`,
      [id],
    );
    const removed = counted.rows[0]!;
    if (removed.checkpoints === 0) return null;
    if (!dryRun) {
      await appendEvent(transaction, id, 'checkpoints.pruned', { by, ...removed });
      await audit(transaction, { by, action: 'experiment.prune', experimentId: id, details: { ...removed } });
    }
    return removed;
  });
}
