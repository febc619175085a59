import { attemptEnd, staleReason } from './attempt.ts';
import type { Database } from './database.ts';
import { defaultLeaseMs, extensionTimeoutMs } from './lease.ts';
import { prepared } from './prepared.ts';
import type { Fence, LeaseResult } from './types.ts';

/** Keeps an attempt's hold for another while by the database's clock, or says why it has none any more. */
export async function extendLease(
  database: Database,
  fence: Fence,
  leaseMs: number = defaultLeaseMs,
): Promise<LeaseResult> {
  const extended = await database.pool.query(
    prepared(
      `UPDATE attempts SET lease_expires_at = clock_timestamp() + $3 * interval '1 ms'
        WHERE trial_id = $1 AND number = $2 AND state = 'running'`,
      [fence.trialId, fence.attempt, leaseMs],
      extensionTimeoutMs(leaseMs),
    ),
  );
  if (extended.rowCount === 1) return { held: true };
  return { held: false, reason: staleReason(await attemptEnd(database.pool, fence)) };
}
