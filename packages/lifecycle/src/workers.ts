import type { Database } from './database.ts';
import { NotFoundError } from './errors.ts';
import { newId } from './ids.ts';
import { formatNumericsId } from './numerics.ts';
import type { NewWorker } from './types.ts';

/**
 * A worker's life: **online** from its registration, **draining** once it takes no more work, **retired** when it
 * has left; **lost** (reconcile) while it gives no sign of life, and online again with the next one.
 */
export async function registerWorker(
  database: Database,
  worker: NewWorker,
): Promise<{ readonly workerId: string }> {
  const workerId = newId();
  await database.pool.query(
    `INSERT INTO workers (id, host, pid, device, numerics_id, version, samples_per_second)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      workerId,
      worker.host,
      worker.pid,
      worker.device,
      formatNumericsId(worker.numericsId),
      worker.version,
      worker.samplesPerSecond ?? null,
    ],
  );
  return { workerId };
}

export interface WorkerStatus {
  readonly draining?: boolean;
  readonly samplesPerSecond?: number;
}

/** @throws NotFoundError where no such worker is registered, or it has retired. */
export async function heartbeatWorker(
  database: Database,
  workerId: string,
  status: WorkerStatus = {},
): Promise<void> {
  const updated = await database.pool.query(
    `UPDATE workers SET heartbeat_at = clock_timestamp(), state = $2::worker_state,
            samples_per_second = coalesce($3, samples_per_second)
      WHERE id = $1 AND state <> 'retired'`,
    [workerId, status.draining === true ? 'draining' : 'online', status.samplesPerSecond ?? null],
  );
  if (updated.rowCount === 0) throw new NotFoundError('worker', workerId);
}

/** Says that a worker has left. A repeated call changes nothing. */
export async function retireWorker(database: Database, workerId: string): Promise<void> {
  await database.pool.query(
    `UPDATE workers SET state = 'retired', retired_at = clock_timestamp(), current_trial_id = NULL
      WHERE id = $1 AND state <> 'retired'`,
    [workerId],
  );
}
