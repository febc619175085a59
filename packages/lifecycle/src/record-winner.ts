import { createHash } from 'node:crypto';
import { appendEvent } from './append-event.ts';
import type { Database } from './database.ts';
import { lockEvaluation, lockExperiment } from './evaluation.ts';
import { newId } from './ids.ts';
import { inTransaction } from './transaction.ts';
import type { EvaluationFence, WinnerRecord } from './types.ts';

/**
 * Records the winner's test figures and model files, and ends the experiment. Once: a call for an experiment that
 * has its winner changes nothing.
 *
 * @returns `recorded`: false where there was one already.
 * @throws StaleAttemptError where the attempt may not write any more.
 */
export function recordWinner(
  database: Database,
  fence: EvaluationFence,
  winner: WinnerRecord,
): Promise<{ readonly recorded: boolean }> {
  const counts = [winner.testCorrect, winner.testTotal];
  if (!counts.every(Number.isInteger) || winner.testCorrect < 0 || winner.testCorrect > winner.testTotal) {
    throw new RangeError(
      `test counts are ${counts.join(' of ')}; expected whole numbers, the first no larger`,
    );
  }
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, fence.experimentId);
    if (experiment?.state === 'succeeded') return { recorded: false };
    await lockEvaluation(transaction, fence);
    const recorded = await transaction.query<{ trial_id: string }>(
      `INSERT INTO models (id, experiment_id, trial_id, test_correct, test_total, json, json_sha256, h5, h5_sha256,
                           version)
       SELECT $1, experiment_id, picked_trial_id, $3, $4, $5, $6, $7, $8, $9
         FROM stages WHERE experiment_id = $2 AND position = 2
       RETURNING trial_id`,
      [
        newId(),
        fence.experimentId,
        winner.testCorrect,
        winner.testTotal,
        winner.json,
        sha256(winner.json),
        winner.h5,
        sha256(winner.h5),
        winner.version,
      ],
    );
    await transaction.query(
      `UPDATE experiments SET state = 'succeeded', finished_at = clock_timestamp(), evaluation_worker_id = NULL,
              evaluation_lease_expires_at = NULL WHERE id = $1`,
      [fence.experimentId],
    );
    await appendEvent(transaction, fence.experimentId, 'experiment.succeeded', {
      trialId: recorded.rows[0]!.trial_id,
      testCorrect: winner.testCorrect,
      testTotal: winner.testTotal,
    });
    return { recorded: true };
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
