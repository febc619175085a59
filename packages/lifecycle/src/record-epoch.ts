import { appendEvent } from './append-event.ts';
import { describeFence, type LockedTrial, lockAttempt, trialFields } from './attempt.ts';
import { checkpointSha256, floatBytes } from './checkpoint-bytes.ts';
import type { Database } from './database.ts';
import { InvalidEpochError } from './errors.ts';
import { defaultLeaseMs } from './lease.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { EpochRecord, Fence, RecordEpochResult } from './types.ts';

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
    await checkRecord(transaction, trial, fence, record);
    const lowestLoss = trial.best_loss === null || record.validationLoss < trial.best_loss;
    const highestAccuracy = trial.best_correct === null || record.validationCorrect > trial.best_correct;
    const epochsDone = record.epoch + 1;
    await insertEpoch(transaction, fence, record);
    await updateTrial(transaction, trial, record, lowestLoss, highestAccuracy);
    await transaction.query(
      `UPDATE attempts SET epochs_done = $3, lease_expires_at = clock_timestamp() + $4 * interval '1 ms'
        WHERE trial_id = $1 AND number = $2`,
      [trial.id, fence.attempt, epochsDone, leaseMs],
    );
    await saveCheckpoints(transaction, trial.id, record, lowestLoss, highestAccuracy);
    await countEpoch(transaction, trial, record, lowestLoss, highestAccuracy);
    // Asked after the experiment's row is locked: whoever pauses it later finds the trial still running.
    const paused = await isPaused(transaction, trial.experiment_id);
    return { epochsDone, recorded: true, lowestLoss, highestAccuracy, paused };
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

async function checkRecord(
  transaction: Transaction,
  trial: LockedTrial,
  fence: Fence,
  record: EpochRecord,
): Promise<void> {
  const refuse = (what: string, value: unknown, expected: string) => {
    throw new InvalidEpochError(`${what} of ${describeFence(fence)} is ${value}; expected ${expected}`);
  };
  const found = await transaction.query<{ epochs: number }>('SELECT epochs FROM stages WHERE id = $1', [
    trial.stage_id,
  ]);
  const { epochs } = found.rows[0]!;
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

async function insertEpoch(transaction: Transaction, fence: Fence, record: EpochRecord): Promise<void> {
  await transaction.query(
    `INSERT INTO epochs (trial_id, epoch, attempt, learning_rate, train_loss, validation_loss,
                         validation_correct, validation_total, duration_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      fence.trialId,
      record.epoch,
      fence.attempt,
      record.learningRate,
      record.trainLoss,
      record.validationLoss,
      record.validationCorrect,
      record.validationTotal,
      record.durationMs,
    ],
  );
}

async function updateTrial(
  transaction: Transaction,
  trial: LockedTrial,
  record: EpochRecord,
  lowestLoss: boolean,
  highestAccuracy: boolean,
): Promise<void> {
  const { epoch, validationLoss, validationCorrect, validationTotal, durationMs } = record;
  const changes: Record<string, number> = { epochs_done: epoch + 1, validation_total: validationTotal };
  if (lowestLoss) {
    Object.assign(changes, {
      best_loss: validationLoss,
      best_loss_epoch: epoch,
      best_loss_correct: validationCorrect,
    });
  }
  if (highestAccuracy) {
    Object.assign(changes, {
      best_correct: validationCorrect,
      best_correct_epoch: epoch,
      best_correct_loss: validationLoss,
    });
  }
  const sets = Object.keys(changes).map((name, i) => `${name} = $${i + 3}`);
  await transaction.query(
    `UPDATE trials SET trained_ms = trained_ms + $2, ${sets.join(', ')} WHERE id = $1`,
    [trial.id, durationMs, ...Object.values(changes)],
  );
}

async function saveCheckpoints(
  transaction: Transaction,
  trialId: string,
  { checkpoint }: EpochRecord,
  lowestLoss: boolean,
  highestAccuracy: boolean,
): Promise<void> {
  const parameters = floatBytes(checkpoint.parameters);
  const firstMoment = floatBytes(checkpoint.firstMoment);
  const secondMoment = floatBytes(checkpoint.secondMoment);
  const save = (kind: string, first: Buffer | null, second: Buffer | null) =>
    transaction.query(
      `INSERT INTO checkpoints (trial_id, kind, epochs_done, steps, parameters, first_moment, second_moment, sha256)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (trial_id, kind) DO UPDATE SET
         epochs_done = excluded.epochs_done, steps = excluded.steps, parameters = excluded.parameters,
         first_moment = excluded.first_moment, second_moment = excluded.second_moment,
         sha256 = excluded.sha256, saved_at = excluded.saved_at`,
      [
        trialId,
        kind,
        checkpoint.epochsDone,
        checkpoint.steps,
        parameters,
        first,
        second,
        checkpointSha256(parameters, first, second),
      ],
    );
  await save('latest', firstMoment, secondMoment);
  if (lowestLoss) await save('lowestLoss', null, null);
  if (highestAccuracy) await save('highestAccuracy', null, null);
}

/** The experiment's and the stage's counters, and the event: last, since they lock rows that all trials share. */
async function countEpoch(
  transaction: Transaction,
  trial: LockedTrial,
  record: EpochRecord,
  lowestLoss: boolean,
  highestAccuracy: boolean,
): Promise<void> {
  // What a repeat trains is no progress of the experiment.
  if (trial.repeat_of === null) {
    await transaction.query(
      'UPDATE experiments SET epochs_done = epochs_done + 1, trained_ms = trained_ms + $2 WHERE id = $1',
      [trial.experiment_id, record.durationMs],
    );
    await transaction.query(
      'UPDATE stages SET epochs_done = epochs_done + 1, trained_ms = trained_ms + $2 WHERE id = $1',
      [trial.stage_id, record.durationMs],
    );
  }
  const { epoch, learningRate, trainLoss, validationLoss, validationCorrect, validationTotal, durationMs } =
    record;
  await appendEvent(transaction, trial.experiment_id, 'trial.epoch', {
    ...trialFields(trial),
    epoch,
    learningRate,
    trainLoss,
    validationLoss,
    validationCorrect,
    validationTotal,
    durationMs,
    lowestLoss,
    highestAccuracy,
  });
}
