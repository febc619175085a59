import { type LockedTrial, trialFields } from './attempt.ts';
import { checkpointSha256, floatBytes } from './checkpoint-bytes.ts';
import type { EventData } from './events.ts';
import type { Transaction } from './transaction.ts';
import type { EpochRecord, Fence, RecordedEpoch } from './types.ts';

/**
 * Writes recorded epochs, in one statement however many they are: the epochs, the attempt with its lease, the
 * checkpoints, the trial, the experiment's and the stage's counters, and the events. Many statements would each cost a
 * way to the server and back, and hold the rows that all of an experiment's trials share for as long. Of epochs written
 * together only those leave a checkpoint that would have kept it.
 *
 * @returns whether the experiment is paused, as its locked row says: whoever pauses it later finds the trial running.
 */
export async function writeEpochs(
  transaction: Transaction,
  trial: LockedTrial,
  { attempt }: Fence,
  records: readonly EpochRecord[],
  recorded: readonly RecordedEpoch[],
  leaseMs: number,
): Promise<boolean> {
  const last = records.at(-1)!;
  const lowestLoss = records.findLast((_, index) => recorded[index]!.lowestLoss);
  const highestAccuracy = records.findLast((_, index) => recorded[index]!.highestAccuracy);
  const trainedMs = records.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const events = records.map(({ checkpoint, ...figures }, index): EventData['trial.epoch'] => ({
    ...trialFields(trial),
    ...figures,
    ...recorded[index]!,
  }));
  // What a repeat trains is no progress of the experiment.
  const counts = trial.repeat_of === null;
  const found = await transaction.query<{ paused: boolean }>(
    `WITH figures AS (
       SELECT * FROM unnest($4::int[], $5::float8[], $6::float8[], $7::float8[], $8::int[], $9::float8[], $10::text[])
         WITH ORDINALITY
         AS figures (epoch, learning_rate, train_loss, validation_loss, validation_correct, duration_ms, event, place)
     ), epochs AS (
       INSERT INTO epochs (trial_id, epoch, attempt, learning_rate, train_loss, validation_loss, validation_correct,
                           validation_total, duration_ms)
       SELECT $1, epoch, $2, learning_rate, train_loss, validation_loss, validation_correct, $3, duration_ms
         FROM figures
     ), attempt AS (
       UPDATE attempts SET epochs_done = $11, lease_expires_at = clock_timestamp() + $12 * interval '1 ms'
        WHERE trial_id = $1 AND number = $2
     ), kept AS (
       INSERT INTO checkpoints (trial_id, kind, epochs_done, steps, parameters, first_moment, second_moment, sha256)
       SELECT $1, kind::checkpoint_kind, epochs_done, steps, parameters, first_moment, second_moment, sha256
         FROM (VALUES ('latest', $11::int, $13::int, $14::bytea, $15::bytea, $16::bytea, $17),
                      ('lowestLoss', $18 + 1, $19, $20, NULL, NULL, $21),
                      ('highestAccuracy', $22 + 1, $23, $24, NULL, NULL, $25))
           AS kept (kind, epochs_done, steps, parameters, first_moment, second_moment, sha256)
        WHERE epochs_done IS NOT NULL
       ON CONFLICT (trial_id, kind) DO UPDATE SET
         epochs_done = excluded.epochs_done, steps = excluded.steps, parameters = excluded.parameters,
         first_moment = excluded.first_moment, second_moment = excluded.second_moment,
         sha256 = excluded.sha256, saved_at = excluded.saved_at
     ), trained AS (
       UPDATE trials SET
         trained_ms = trained_ms + $26,
         epochs_done = $11,
         validation_total = $3,
         best_loss = coalesce($27, best_loss),
         best_loss_epoch = coalesce($18, best_loss_epoch),
         best_loss_correct = coalesce($28, best_loss_correct),
         best_correct = coalesce($29, best_correct),
         best_correct_epoch = coalesce($22, best_correct_epoch),
         best_correct_loss = coalesce($30, best_correct_loss)
       WHERE id = $1
     ), counted AS (
       UPDATE experiments SET event_sequence = event_sequence + $31::int, epochs_done = epochs_done + $32::int,
              trained_ms = trained_ms + $33::float8
        WHERE id = $34 RETURNING event_sequence, paused_at
     ), staged AS (
       UPDATE stages SET epochs_done = epochs_done + $32, trained_ms = trained_ms + $33 FROM counted
        WHERE id = $35
     ), told AS (
       INSERT INTO events (experiment_id, sequence, type, data)
       SELECT $34, event_sequence - $31 + place, 'trial.epoch', event::jsonb FROM counted, figures
     )
     SELECT paused_at IS NOT NULL AS paused FROM counted`,
    [
      trial.id,
      attempt,
      last.validationTotal,
      records.map(({ epoch }) => epoch),
      records.map(({ learningRate }) => learningRate),
      records.map(({ trainLoss }) => trainLoss),
      records.map(({ validationLoss }) => validationLoss),
      records.map(({ validationCorrect }) => validationCorrect),
      records.map(({ durationMs }) => durationMs),
      events.map((event) => JSON.stringify(event)),
      last.epoch + 1,
      leaseMs,
      ...latestCheckpoint(last),
      ...bestCheckpoint(lowestLoss),
      ...bestCheckpoint(highestAccuracy),
      trainedMs,
      lowestLoss?.validationLoss,
      lowestLoss?.validationCorrect,
      highestAccuracy?.validationCorrect,
      highestAccuracy?.validationLoss,
      records.length,
      counts ? records.length : 0,
      counts ? trainedMs : 0,
      trial.experiment_id,
      trial.stage_id,
    ],
  );
  return found.rows[0]!.paused;
}

/** Steps, parameters, moments and hash: what training resumes from. */
function latestCheckpoint({ checkpoint }: EpochRecord): [number, Buffer, Buffer, Buffer, string] {
  const parameters = floatBytes(checkpoint.parameters);
  const firstMoment = floatBytes(checkpoint.firstMoment);
  const secondMoment = floatBytes(checkpoint.secondMoment);
  const sha256 = checkpointSha256(parameters, firstMoment, secondMoment);
  return [checkpoint.steps, parameters, firstMoment, secondMoment, sha256];
}

/** Epoch, steps, parameters and hash of an epoch that is better than all before it; nulls where there is none. */
function bestCheckpoint(record: EpochRecord | undefined): unknown[] {
  if (record === undefined) return [null, null, null, null];
  const parameters = floatBytes(record.checkpoint.parameters);
  return [record.epoch, record.checkpoint.steps, parameters, checkpointSha256(parameters, null, null)];
}
