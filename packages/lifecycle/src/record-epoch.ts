import { describeFence, type LockedTrial, lockAttempt } from './attempt.ts';
import type { Database } from './database.ts';
import { InvalidEpochError } from './errors.ts';
import { defaultLeaseMs } from './lease.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { EpochRecord, Fence, RecordEpochResult } from './types.ts';
import { writeEpoch } from './write-epoch.ts';

/**
 * Records a finished epoch and the checkpoints that come of it in one transaction: the latest always, the
 * lowest-loss and the highest-accuracy one where this epoch is better than all before (the first wins a tie). It
 * extends the lease too. A repeated call by the same attempt changes nothing.
 *
 * @throws StaleAttemptError where the attempt may not write any more.
 * @throws InvalidEpochError where the epoch is not the next one, is past the stage's last, or has figures that
 * are not finite (a diverged trial: report it with failTrial).
 */
export function recordEpoch(
  database: Database,
  fence: Fence,
  record: EpochRecord,
  leaseMs: number = defaultLeaseMs,
): Promise<RecordEpochResult> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockAttempt(transaction, fence);
    if (await isRepeated(transaction, trial, fence, record)) {
      const paused = await isPaused(transaction, trial.experiment_id);
      const none = { recorded: false, lowestLoss: false, highestAccuracy: false };
      return { epochsDone: trial.epochs_done, ...none, paused };
    }
    checkRecord(trial, fence, record);
    const lowestLoss = trial.best_loss === null || record.validationLoss < trial.best_loss;
    const highestAccuracy = trial.best_correct === null || record.validationCorrect > trial.best_correct;
    const better = { lowestLoss, highestAccuracy };
    const paused = await writeEpoch(transaction, trial, fence, record, better, leaseMs);
    return { epochsDone: record.epoch + 1, recorded: true, ...better, paused };
  });
}

async function isPaused(transaction: Transaction, experimentId: string): Promise<boolean> {
  const found = await transaction.query<{ paused: boolean }>(
    'SELECT paused_at IS NOT NULL AS paused FROM experiments WHERE id = $1',
    [experimentId],
  );
  return found.rows[0]!.paused;
}

async function isRepeated(
  transaction: Transaction,
  trial: LockedTrial,
  fence: Fence,
  record: EpochRecord,
): Promise<boolean> {
  if (record.epoch !== trial.epochs_done - 1) return false;
  const found = await transaction.query(
    'SELECT 1 FROM epochs WHERE trial_id = $1 AND epoch = $2 AND attempt = $3',
    [trial.id, record.epoch, fence.attempt],
  );
  return found.rowCount === 1;
}

function checkRecord(trial: LockedTrial, fence: Fence, record: EpochRecord): void {
  const refuse = (what: string, value: unknown, expected: string) => {
    throw new InvalidEpochError(`${what} of ${describeFence(fence)} is ${value}; expected ${expected}`);
  };
  const epochs = trial.stage_epochs;
  if (record.epoch !== trial.epochs_done || record.epoch >= epochs) {
    refuse(
      'epoch',
      record.epoch,
      trial.epochs_done === epochs ? 'no more' : `${trial.epochs_done}, the next one`,
    );
  }
  const { checkpoint } = record;
  if (checkpoint.epochsDone !== record.epoch + 1) {
    refuse('checkpoint.epochsDone', checkpoint.epochsDone, `${record.epoch + 1}`);
  }
  for (const name of ['learningRate', 'trainLoss', 'validationLoss', 'durationMs'] as const) {
    if (!Number.isFinite(record[name]))
      refuse(`${name} in epoch ${record.epoch}`, record[name], 'a finite number');
  }
  if (trial.validation_total !== null && record.validationTotal !== trial.validation_total) {
    refuse('validationTotal', record.validationTotal, `${trial.validation_total}, as in the epochs before`);
  }
}
