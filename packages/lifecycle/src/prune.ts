import { appendEvent } from './append-event.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { deleteOldExperiment } from './delete-experiment.ts';
import { findDiskUsage } from './disk-usage.ts';
import { WrongStateError } from './errors.ts';
import { lockExperiment } from './evaluation.ts';
import { openStates } from './open-trials.ts';
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
  /** Experiments that one call looks at, the oldest first. */
  readonly most: number;
}

export interface PrunedExperiment {
  readonly id: string;
  readonly name: string;
  readonly finishedAt: Date;
  readonly checkpoints: number;
  /** Of those checkpoints, or of the whole experiment. */
  readonly bytes: number;
}

/** Removes old data by a stated rule; what is under way is never touched. Repeated, it finds nothing more to do. `complete` is false where the call ended at `most`. */
export async function prune(
  database: Database,
  rules: PruneRules,
  by: string,
): Promise<{ readonly pruned: readonly PrunedExperiment[]; readonly complete: boolean }> {
  const pruned: PrunedExperiment[] = [];
  const candidates = await findCandidates(database, rules);
  for (const candidate of candidates.slice(0, rules.most)) {
    const result =
      rules.what === 'experiments'
        ? await pruneExperiment(database, candidate, rules, by)
        : await pruneCheckpoints(database, candidate, rules, by);
    if (result !== null) pruned.push({ ...candidate, ...result });
  }
  return { pruned, complete: candidates.length <= rules.most };
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
        AND ${rules.what === 'checkpoints' ? `EXISTS (${removableOf('older.id')})` : `NOT EXISTS (${repeatsOf('older.id')})`}
      ORDER BY finished_at, id LIMIT $3`,
    [rules.keep, rules.olderThanMs, rules.most + 1],
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

/** SQL: the checkpoints that go of an experiment. What others start from, or were evaluated with, stays. */
const removableOf = (experimentId: string) => `
  SELECT c.trial_id, c.kind, octet_length(c.parameters) + coalesce(octet_length(c.first_moment), 0)
         + coalesce(octet_length(c.second_moment), 0) AS bytes
    FROM checkpoints c JOIN trials t ON t.id = c.trial_id JOIN stages s ON s.id = t.stage_id
   WHERE t.experiment_id = ${experimentId} AND t.state IN ('succeeded', 'failed', 'cancelled')
     AND NOT (c.kind = 'lowestLoss' AND s.picked_trial_id IS NOT DISTINCT FROM t.id)`;
const removable = removableOf('$1');

/** SQL: the trials of an experiment that are under way though it is over. */
const repeatsOf = (experimentId: string) =>
  `SELECT FROM trials t WHERE t.experiment_id = ${experimentId} AND t.state IN ${openStates}`;

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
