import type { Database } from './database.ts';
import type { Job, JobPayload } from './jobs.ts';
import { prepared } from './prepared.ts';
import type { JobQueue } from './queue/job-queue.ts';
import { inTransaction } from './transaction.ts';

const batch = 500;

/**
 * Sends committed wake-ups to the queue, oldest first, and forgets them. Several may run at once: none takes what
 * another is sending. A crash between sending and forgetting sends again, which the jobs' ids make harmless.
 *
 * @returns how many were sent.
 */
export async function relayOutbox(database: Database, queue: JobQueue): Promise<number> {
  // Mostly none waits: a look costs less than a transaction.
  const waiting = await database.pool.query(prepared('SELECT FROM outbox LIMIT 1', []));
  if (waiting.rowCount === 0) return 0;
  for (let sent = 0; ; ) {
    const count = await relayBatch(database, queue);
    sent += count;
    if (count < batch) return sent;
  }
}

function relayBatch(database: Database, queue: JobQueue): Promise<number> {
  return inTransaction(database, async (transaction) => {
    const taken = await transaction.query<{
      id: string;
      job_id: string;
      queue: string;
      turn: number;
      payload: JobPayload;
    }>('SELECT id, job_id, queue, turn, payload FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED', [
      batch,
    ]);
    if (taken.rows.length === 0) return 0;
    const jobs = taken.rows.map(
      (row): Job => ({ jobId: row.job_id, queue: row.queue, turn: row.turn, payload: row.payload }),
    );
    await queue.enqueue(jobs);
    await transaction.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [
      taken.rows.map(({ id }) => id),
    ]);
    return taken.rows.length;
  });
}
