import { lockAttempt } from './attempt.ts';
import type { Database } from './database.ts';
import { DataMismatchError } from './errors.ts';
import { inTransaction } from './transaction.ts';
import type { Fence } from './types.ts';

/**
 * Says which images an attempt is about to train on. The first attempt of an experiment decides, and all others
 * must have the same, wherever they run.
 *
 * @throws DataMismatchError where the experiment's data has another hash; StaleAttemptError.
 */
export function pinData(database: Database, fence: Fence, dataHash: string): Promise<void> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockAttempt(transaction, fence);
    const updated = await transaction.query<{ data_hash: string }>(
      'UPDATE experiments SET data_hash = coalesce(data_hash, $2) WHERE id = $1 RETURNING data_hash',
      [trial.experiment_id, dataHash],
    );
    const pinned = updated.rows[0]!.data_hash;
    if (pinned !== dataHash) {
      throw new DataMismatchError(
        `this worker's images have the hash ${dataHash}; expected ${pinned}, which the experiment began with`,
      );
    }
  });
}
