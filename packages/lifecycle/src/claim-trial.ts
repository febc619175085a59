import type { StageSettings } from '@bitkiln/core';
import { type LockedTrial, lockTrial, trialFields } from './attempt.ts';
import type { CheckpointBytes } from './checkpoint-bytes.ts';
import { bytesToFloats, verifyCheckpoint } from './checkpoint-bytes.ts';
import type { Database } from './database.ts';
import { CorruptCheckpointError } from './errors.ts';
import type { EventData } from './events.ts';
import { failAttempt } from './fail-trial.ts';
import { defaultLeaseMs } from './lease.ts';
import { inGrace } from './lease-grace.ts';
import { formatNumericsId } from './numerics.ts';
import { enqueueTrials } from './outbox.ts';
import { preemptTrial } from './preempt-trial.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { ClaimedTrial, ClaimTrialInput, ClaimTrialResult, ResumePoint, StartPoint } from './types.ts';
import { describeExperiment, type ExperimentRow, experimentColumns } from './work-experiment.ts';
import { workFormat } from './work-format.ts';

/**
 * Takes a waiting trial for a worker: of any number that try, one gets it. The first claim gives the trial its
 * numerics id; later ones must have the same. A running trial whose lease has lapsed is taken over. An attempt
 * whose start or resume point is damaged has failed at once, with the reason.
 */
export function claimTrial(database: Database, input: ClaimTrialInput): Promise<ClaimTrialResult> {
  const numericsId = formatNumericsId(input.numericsId);
  const leaseMs = input.leaseMs ?? defaultLeaseMs;
  return inTransaction(database, async (transaction) => {
    let trial = await lockTrial(transaction, input.trialId);
    if (trial === null) return { outcome: 'unavailable', state: 'unknown' };
    if (trial.state === 'running' && (await hasLapsed(transaction, trial))) {
      await preemptTrial(transaction, trial, 'lease lapsed');
      trial = (await lockTrial(transaction, input.trialId))!;
    }
    if (trial.state !== 'queued' && trial.state !== 'preempted')
      return { outcome: 'unavailable', state: trial.state };
    const task = await lockTask(transaction, trial);
    if (task.format > workFormat)
      return { outcome: 'newer-format', format: task.format, readable: workFormat };
    if (task.paused) return { outcome: 'paused' };
    if (trial.numerics_id !== null && trial.numerics_id !== numericsId) {
      await enqueueTrials(transaction, [trial.id]);
      return { outcome: 'other-numerics', numericsId: trial.numerics_id };
    }
    const attempt = await beginAttempt(transaction, trial, input, leaseMs);
    try {
      return { outcome: 'claimed', trial: await describeTask(transaction, trial, task, attempt, leaseMs) };
    } catch (error) {
      if (!(error instanceof CorruptCheckpointError)) throw error;
      await failAttempt(transaction, { ...trial, attempt }, error.message);
      return { outcome: 'corrupt-checkpoint', reason: error.message };
    }
  });
}

async function hasLapsed(transaction: Transaction, trial: LockedTrial): Promise<boolean> {
  const found = await transaction.query<{ lapsed: boolean }>(
    `SELECT lease_expires_at < clock_timestamp() AND NOT ${inGrace} AS lapsed
       FROM attempts WHERE trial_id = $1 AND number = $2`,
    [trial.id, trial.attempt],
  );
  return found.rows[0]?.lapsed === true;
}

async function beginAttempt(
  transaction: Transaction,
  trial: LockedTrial,
  input: ClaimTrialInput,
  leaseMs: number,
): Promise<number> {
  const numericsId = formatNumericsId(input.numericsId);
  const attempt = trial.attempt + 1;
  const { workerId } = input;
  const startEpoch = trial.epochs_done;
  const event: EventData['trial.claimed'] = {
    ...trialFields(trial),
    attempt,
    workerId,
    numericsId,
    startEpoch,
  };
  await transaction.query(
    `WITH attempt AS (
       INSERT INTO attempts (trial_id, number, worker_id, start_epoch, epochs_done, lease_expires_at)
       VALUES ($1, $2, $5, $6, $6, clock_timestamp() + $7 * interval '1 ms')
     ), worker AS (
       UPDATE workers SET current_trial_id = $1 WHERE id = $5
     ), experiment AS (
       UPDATE experiments SET event_sequence = event_sequence + 1,
              state = CASE state WHEN 'queued' THEN 'running' ELSE state END,
              started_at = CASE state WHEN 'queued' THEN clock_timestamp() ELSE started_at END
        WHERE id = $8 RETURNING event_sequence
     ), told AS (
       INSERT INTO events (experiment_id, sequence, type, data)
       SELECT $8, event_sequence, 'trial.claimed', $9::jsonb FROM experiment
     )
     UPDATE trials SET state = 'running', attempt = $2, numerics_id = $3, reproducible = $4,
            started_at = coalesce(started_at, clock_timestamp())
      WHERE id = $1`,
    [
      trial.id,
      attempt,
      numericsId,
      input.numericsId.reproducible,
      workerId,
      startEpoch,
      leaseMs,
      trial.experiment_id,
      JSON.stringify(event),
    ],
  );
  return attempt;
}

interface TaskRow extends ExperimentRow {
  readonly paused: boolean;
  readonly format: number;
  readonly trials: number;
  readonly epochs: number;
  readonly batch_size: number;
  readonly learning_rate_initial: number;
  readonly learning_rate_decay: number;
  readonly learning_rate_minimum: number;
}

/** Locks the experiment, and reads what the trial is to do. */
async function lockTask(transaction: Transaction, trial: LockedTrial): Promise<TaskRow> {
  const found = await transaction.query<TaskRow>(
    `SELECT e.paused_at IS NOT NULL AS paused, e.format, ${experimentColumns}, s.trial_count AS trials, s.epochs,
            s.batch_size, s.learning_rate_initial, s.learning_rate_decay, s.learning_rate_minimum
       FROM experiments e JOIN stages s ON s.experiment_id = e.id WHERE s.id = $1 FOR NO KEY UPDATE OF e`,
    [trial.stage_id],
  );
  return found.rows[0]!;
}

async function describeTask(
  transaction: Transaction,
  trial: LockedTrial,
  row: TaskRow,
  attempt: number,
  leaseMs: number,
): Promise<ClaimedTrial> {
  return {
    fence: { trialId: trial.id, attempt },
    leaseMs,
    experiment: describeExperiment(trial.experiment_id, row),
    stage: trial.stage_name,
    settings: stageSettings(row),
    trialIndex: trial.trial_index,
    start: await startPoint(transaction, trial),
    resume: trial.epochs_done === 0 ? null : await resumePoint(transaction, trial),
  };
}

function stageSettings(row: TaskRow): StageSettings {
  return {
    trials: row.trials,
    epochs: row.epochs,
    batchSize: row.batch_size,
    learningRate: {
      initial: row.learning_rate_initial,
      decay: row.learning_rate_decay,
      minimum: row.learning_rate_minimum,
    },
  };
}

/** The float stage starts fresh; a later one from the lowest-loss checkpoint of the pick of the stage before. */
async function startPoint(transaction: Transaction, trial: LockedTrial): Promise<StartPoint> {
  if (trial.stage_name === 'float') return { kind: 'fresh' };
  const found = await transaction.query<CheckpointBytes & { trial_id: string; before: string }>(
    `SELECT c.trial_id, c.parameters, c.first_moment, c.second_moment, c.sha256, before.name AS before
       FROM stages own
       JOIN stages before ON before.experiment_id = own.experiment_id AND before.position = own.position - 1
       JOIN checkpoints c ON c.trial_id = before.picked_trial_id AND c.kind = 'lowestLoss'
      WHERE own.id = $1`,
    [trial.stage_id],
  );
  const row = found.rows[0];
  if (row === undefined) {
    throw new CorruptCheckpointError(`the stage before trial ${trial.id} has no pick with a checkpoint`);
  }
  verifyCheckpoint(row, `the lowest-loss checkpoint of trial ${row.trial_id}`);
  return {
    kind: 'parameters',
    trialId: row.trial_id,
    parameters: bytesToFloats(row.parameters),
    calibrate: row.before === 'float',
  };
}

async function resumePoint(transaction: Transaction, trial: LockedTrial): Promise<ResumePoint> {
  const found = await transaction.query<CheckpointBytes & { epochs_done: number; steps: number }>(
    `SELECT epochs_done, steps, parameters, first_moment, second_moment, sha256
       FROM checkpoints WHERE trial_id = $1 AND kind = 'latest'`,
    [trial.id],
  );
  const row = found.rows[0];
  if (row === undefined || row.epochs_done !== trial.epochs_done) {
    throw new CorruptCheckpointError(
      `trial ${trial.id} has ${trial.epochs_done} epochs and no checkpoint after the last`,
    );
  }
  verifyCheckpoint(row, `the latest checkpoint of trial ${trial.id}`);
  return {
    epochsDone: row.epochs_done,
    steps: row.steps,
    parameters: bytesToFloats(row.parameters),
    firstMoment: bytesToFloats(row.first_moment!),
    secondMoment: bytesToFloats(row.second_moment!),
  };
}
