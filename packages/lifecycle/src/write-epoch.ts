import { type LockedTrial, trialFields } from './attempt.ts';
import { checkpointSha256, floatBytes } from './checkpoint-bytes.ts';
import type { EventData } from './events.ts';
import type { Transaction } from './transaction.ts';
import type { EpochRecord, Fence } from './types.ts';

/** In what an epoch is better than all before it. */
export interface Better {
  readonly lowestLoss: boolean;
  readonly highestAccuracy: boolean;
}

/**
 * Writes a recorded epoch, in one statement: the epoch, the attempt with its lease, the checkpoints, the trial, the
 * experiment's and the stage's counters, and the event. Many statements would each cost a way to the server and back,
 * and hold the rows that all of an experiment's trials share for as long.
 *
 * @returns whether the experiment is paused, as its locked row says: whoever pauses it later finds the trial running.
 */
export async function writeEpoch(
  transaction: Transaction,
  trial: LockedTrial,
  { attempt }: Fence,
  record: EpochRecord,
  better: Better,
  leaseMs: number,
): Promise<boolean> {
  const { checkpoint, ...figures } = record;
  const { lowestLoss, highestAccuracy } = better;
  const parameters = floatBytes(checkpoint.parameters);
  const firstMoment = floatBytes(checkpoint.firstMoment);
  const secondMoment = floatBytes(checkpoint.secondMoment);
  const kinds = [
    'latest',
    ...(lowestLoss ? ['lowestLoss'] : []),
    ...(highestAccuracy ? ['highestAccuracy'] : []),
  ];
  const event: EventData['trial.epoch'] = { ...trialFields(trial), ...figures, ...better };
  // What a repeat trains is no progress of the experiment.
  const counts = trial.repeat_of === null;
  const found = await transaction.query<{ paused: boolean }>(
    `WITH epoch AS (
       INSERT INTO epochs (trial_id, epoch, attempt, learning_rate, train_loss, validation_loss, validation_correct,
                           validation_total, duration_ms)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ), attempt AS (
       UPDATE attempts SET epochs_done = $2::int + 1, lease_expires_at = clock_timestamp() + $10 * interval '1 ms'
        WHERE trial_id = $1 AND number = $3
     ), kept AS (
       INSERT INTO checkpoints (trial_id, kind, epochs_done, steps, parameters, first_moment, second_moment, sha256)
       SELECT $1, kind::checkpoint_kind, $2::int + 1, $11, $12::bytea, CASE kind WHEN 'latest' THEN $13::bytea END,
              CASE kind WHEN 'latest' THEN $14::bytea END, CASE kind WHEN 'latest' THEN $15 ELSE $16 END
         FROM unnest($17::text[]) AS kind
       ON CONFLICT (trial_id, kind) DO UPDATE SET
         epochs_done = excluded.epochs_done, steps = excluded.steps, parameters = excluded.parameters,
         first_moment = excluded.first_moment, second_moment = excluded.second_moment,
         sha256 = excluded.sha256, saved_at = excluded.saved_at
     ), trained AS (
       UPDATE trials SET
         trained_ms = trained_ms + $9,
         epochs_done = $2::int + 1,
         validation_total = $8,
         best_loss = CASE WHEN $18 THEN $6 ELSE best_loss END,
         best_loss_epoch = CASE WHEN $18 THEN $2 ELSE best_loss_epoch END,
         best_loss_correct = CASE WHEN $18 THEN $7 ELSE best_loss_correct END,
         best_correct = CASE WHEN $19 THEN $7 ELSE best_correct END,
         best_correct_epoch = CASE WHEN $19 THEN $2 ELSE best_correct_epoch END,
         best_correct_loss = CASE WHEN $19 THEN $6 ELSE best_correct_loss END
       WHERE id = $1
     ), counted AS (
       UPDATE experiments SET event_sequence = event_sequence + 1, epochs_done = epochs_done + $20::int,
              trained_ms = trained_ms + $20 * $9
        WHERE id = $21 RETURNING event_sequence, paused_at
     ), staged AS (
       UPDATE stages SET epochs_done = epochs_done + $20, trained_ms = trained_ms + $20 * $9 FROM counted
        WHERE id = $22
     ), told AS (
       INSERT INTO events (experiment_id, sequence, type, data)
       SELECT $21, event_sequence, 'trial.epoch', $23::jsonb FROM counted
     )
     SELECT paused_at IS NOT NULL AS paused FROM counted`,
    [
      trial.id,
      record.epoch,
      attempt,
      record.learningRate,
      record.trainLoss,
      record.validationLoss,
      record.validationCorrect,
      record.validationTotal,
      record.durationMs,
      leaseMs,
      checkpoint.steps,
      parameters,
      firstMoment,
      secondMoment,
      checkpointSha256(parameters, firstMoment, secondMoment),
      checkpointSha256(parameters, null, null),
      kinds,
      lowestLoss,
      highestAccuracy,
      counts ? 1 : 0,
      trial.experiment_id,
      trial.stage_id,
      JSON.stringify(event),
    ],
  );
  return found.rows[0]!.paused;
}
