import { describeFence, type LockedTrial, lockAttempt } from './attempt.ts';
import type { Database } from './database.ts';
import { InvalidEpochError } from './errors.ts';
import { defaultLeaseMs } from './lease.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { EpochRecord, Fence, RecordEpochsResult, RecordedEpoch } from './types.ts';
import { writeEpochs } from './write-epochs.ts';

/**
 * Records finished epochs of a trial, one or more in their order, and the checkpoints that come of them, all or none: the latest
 * always, the lowest-loss and the highest-accuracy one where an epoch is better than all before it (the first wins a
 * tie). It extends the lease too. A repeated call by the same attempt changes nothing.
 *
 * @throws StaleAttemptError where the attempt may not write any more.
 * @throws InvalidEpochError where an epoch is not the next one, is past the stage's last, or has figures that are not
 * finite (a diverged trial: report it with failTrial).
 */
export function recordEpochs(
  database: Database,
  fence: Fence,
  records: readonly EpochRecord[],
  leaseMs: number = defaultLeaseMs,
): Promise<RecordEpochsResult> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockAttempt(transaction, fence);
    if (await isRepeated(transaction, trial, fence, records)) {
      const paused = await isPaused(transaction, trial.experiment_id);
      return { epochsDone: trial.epochs_done, recorded: [], paused };
    }
    const images = trial.validation_total ?? records[0]!.validationTotal;
    records.forEach((record, index) => {
      checkRecord(trial, fence, record, trial.epochs_done + index, images);
    });
    const recorded = judge(trial, records);
    const paused = await writeEpochs(transaction, trial, fence, records, recorded, leaseMs);
    return { epochsDone: trial.epochs_done + records.length, recorded, paused };
  });
}

/** In what each epoch is better than all before it. */
function judge(trial: LockedTrial, records: readonly EpochRecord[]): RecordedEpoch[] {
  let { best_loss: loss, best_correct: correct } = trial;
  return records.map(({ epoch, validationLoss, validationCorrect }) => {
    const lowestLoss = loss === null || validationLoss < loss;
    const highestAccuracy = correct === null || validationCorrect > correct;
    if (lowestLoss) loss = validationLoss;
    if (highestAccuracy) correct = validationCorrect;
    return { epoch, lowestLoss, highestAccuracy };
  });
}

async function isPaused(transaction: Transaction, experimentId: string): Promise<boolean> {
  const found = await transaction.query<{ paused: boolean }>(
    'SELECT paused_at IS NOT NULL AS paused FROM experiments WHERE id = $1',
    [experimentId],
  );
  return found.rows[0]!.paused;
}

/** Epochs that are recorded together are repeated together: the last speaks for all. */
async function isRepeated(
  transaction: Transaction,
  trial: LockedTrial,
  fence: Fence,
  records: readonly EpochRecord[],
): Promise<boolean> {
  const last = records.at(-1)!.epoch;
  if (last !== trial.epochs_done - 1) return false;
  const found = await transaction.query(
    'SELECT 1 FROM epochs WHERE trial_id = $1 AND epoch = $2 AND attempt = $3',
    [trial.id, last, fence.attempt],
  );
  return found.rowCount === 1;
}

function checkRecord(
  trial: LockedTrial,
  fence: Fence,
  record: EpochRecord,
  next: number,
  images: number,
): void {
  const refuse = (what: string, value: unknown, expected: string) => {
    throw new InvalidEpochError(`${what} of ${describeFence(fence)} is ${value}; expected ${expected}`);
  };
  const epochs = trial.stage_epochs;
  if (record.epoch !== next || record.epoch >= epochs) {
    refuse('epoch', record.epoch, next === epochs ? 'no more' : `${next}, the next one`);
  }
  const { checkpoint } = record;
  if (checkpoint.epochsDone !== record.epoch + 1) {
    refuse('checkpoint.epochsDone', checkpoint.epochsDone, `${record.epoch + 1}`);
  }
  for (const name of ['learningRate', 'trainLoss', 'validationLoss', 'durationMs'] as const) {
    if (!Number.isFinite(record[name]))
      refuse(`${name} in epoch ${record.epoch}`, record[name], 'a finite number');
  }
  if (record.validationTotal !== images) {
    refuse('validationTotal', record.validationTotal, `${images}, as in the epochs before`);
  }
}
