import type { Database } from './database.ts';
import { type LockedEvaluation, staleEvaluationReason } from './evaluation.ts';
import { defaultLeaseMs, extensionTimeoutMs } from './lease.ts';
import { prepared } from './prepared.ts';
import type { EvaluationFence, LeaseResult } from './types.ts';

/** Keeps an evaluation's hold for another while by the database's clock, or says why it has none any more. */
export async function extendEvaluationLease(
  database: Database,
  fence: EvaluationFence,
  leaseMs: number = defaultLeaseMs,
): Promise<LeaseResult> {
  const extended = await database.pool.query(
    prepared(
      `UPDATE experiments SET evaluation_lease_expires_at = clock_timestamp() + $3 * interval '1 ms'
        WHERE id = $1 AND state = 'evaluating' AND evaluation_attempt = $2
          AND evaluation_lease_expires_at IS NOT NULL`,
      [fence.experimentId, fence.attempt, leaseMs],
      extensionTimeoutMs(leaseMs),
    ),
  );
  if (extended.rowCount === 1) return { held: true };
  const found = await database.pool.query<Pick<LockedEvaluation, 'state' | 'evaluation_attempt' | 'leased'>>(
    `SELECT state, evaluation_attempt, evaluation_lease_expires_at IS NOT NULL AS leased
       FROM experiments WHERE id = $1`,
    [fence.experimentId],
  );
  return { held: false, reason: staleEvaluationReason(found.rows[0] ?? null, fence) ?? 'preempted' };
}
