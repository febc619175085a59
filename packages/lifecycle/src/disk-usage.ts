import type { Database } from './database.ts';

export interface DiskUsage {
  readonly experimentId: string;
  readonly checkpoints: readonly {
    readonly kind: 'lowestLoss' | 'highestAccuracy' | 'latest';
    readonly count: number;
    readonly bytes: number;
  }[];
  /** The winner's model.json and model.h5. */
  readonly modelBytes: number;
  readonly epochs: { readonly count: number; readonly bytes: number };
  readonly events: { readonly count: number; readonly bytes: number };
  readonly totalBytes: number;
}

/**
 * Bytes that an experiment takes in the database: stored values, without indexes and page headers. Null where there
 * is no such experiment.
 */
export async function findDiskUsage(database: Database, experimentId: string): Promise<DiskUsage | null> {
  const { pool } = database;
  const [experiment, checkpoints, model, epochs, events] = await Promise.all([
    pool.query('SELECT FROM experiments WHERE id = $1', [experimentId]),
    pool.query<DiskUsage['checkpoints'][number]>(
      `SELECT kind::text, count(*)::int AS count,
              sum(octet_length(parameters) + coalesce(octet_length(first_moment), 0)
                  + coalesce(octet_length(second_moment), 0))::float8 AS bytes
         FROM checkpoints JOIN trials ON trials.id = trial_id
        WHERE experiment_id = $1 GROUP BY checkpoints.kind ORDER BY checkpoints.kind`,
      [experimentId],
    ),
    pool.query<{ bytes: number }>(
      'SELECT octet_length(json) + octet_length(h5) AS bytes FROM models WHERE experiment_id = $1',
      [experimentId],
    ),
    pool.query<DiskUsage['epochs']>(
      `SELECT count(*)::int AS count, coalesce(sum(pg_column_size(epochs.*)), 0)::float8 AS bytes
         FROM epochs JOIN trials ON trials.id = trial_id WHERE experiment_id = $1`,
      [experimentId],
    ),
    pool.query<DiskUsage['events']>(
      `SELECT count(*)::int AS count, coalesce(sum(pg_column_size(events.*)), 0)::float8 AS bytes
         FROM events WHERE experiment_id = $1`,
      [experimentId],
    ),
  ]);
  if (experiment.rowCount === 0) return null;
  const modelBytes = model.rows[0]?.bytes ?? 0;
  const parts = [...checkpoints.rows, epochs.rows[0]!, events.rows[0]!];
  return {
    experimentId,
    checkpoints: checkpoints.rows,
    modelBytes,
    epochs: epochs.rows[0]!,
    events: events.rows[0]!,
    totalBytes: modelBytes + parts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
