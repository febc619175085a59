import type { StageName } from '@bitkiln/core';
import { appendEvent } from './append-event.ts';
import type { LockedTrial } from './attempt.ts';
import { enqueueEvaluation } from './outbox.ts';
import { selectTrial } from './select-trial.ts';
import { startStage } from './start-stage.ts';
import type { Transaction } from './transaction.ts';
import type { ExperimentState } from './types.ts';

interface StageRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: StageName;
  readonly position: number;
  readonly trial_count: number;
  readonly succeeded_trials: number;
  readonly failed_trials: number;
  readonly invalid_trials: number;
  readonly experiment_state: ExperimentState;
}

const stageColumns =
  'id, experiment_id, name, position, trial_count, succeeded_trials, failed_trials, invalid_trials';

/**
 * Counts a trial that has just succeeded, failed for good or been declared invalid; a repeat counts nowhere. The
 * experiment's row must be held (an event that was appended holds it): of trials that end at the same moment one then
 * comes last, and only that one ends the stage:
 *
 * - with a finished trial, the stage's pick is made and recorded, and the next stage starts, or after the last one
 *   the winner's evaluation: all in this transaction, wake-ups included;
 * - with none, the stage and the experiment fail with the trials' reasons.
 *
 * @returns the state that the experiment is in then.
 */
export async function countTrial(
  transaction: Transaction,
  trial: LockedTrial,
  outcome: 'succeeded' | 'failed' | 'invalid',
): Promise<ExperimentState> {
  if (trial.repeat_of !== null) return experimentState(transaction, trial.experiment_id);
  const counted = await transaction.query<StageRow>(
    `UPDATE stages SET ${outcome}_trials = ${outcome}_trials + 1 WHERE id = $1
     RETURNING ${stageColumns}, (SELECT state FROM experiments WHERE experiments.id = experiment_id) AS experiment_state`,
    [trial.stage_id],
  );
  const stage = counted.rows[0]!;
  if (stage.succeeded_trials + stage.failed_trials + stage.invalid_trials < stage.trial_count)
    return stage.experiment_state;
  if (stage.succeeded_trials === 0) await failStage(transaction, stage);
  else await finishStage(transaction, stage);
  return experimentState(transaction, trial.experiment_id);
}

export async function experimentState(
  transaction: Transaction,
  experimentId: string,
): Promise<ExperimentState> {
  const found = await transaction.query<{ state: ExperimentState }>(
    'SELECT state FROM experiments WHERE id = $1',
    [experimentId],
  );
  return found.rows[0]!.state;
}

async function finishStage(transaction: Transaction, stage: StageRow): Promise<void> {
  const last = stage.position === 2;
  const picked = await selectTrial(transaction, stage, last ? 'z-score' : 'greedy');
  await transaction.query(
    `UPDATE stages SET state = 'succeeded', picked_trial_id = $2, finished_at = clock_timestamp() WHERE id = $1`,
    [stage.id, picked],
  );
  await appendEvent(transaction, stage.experiment_id, 'stage.succeeded', {
    stage: stage.name,
    succeeded: stage.succeeded_trials,
    failed: stage.failed_trials,
  });
  // Without them the pick is made: a failed trial is not tried again.
  await transaction.query(
    `DELETE FROM checkpoints USING trials
      WHERE trial_id = trials.id AND stage_id = $1 AND kind = 'latest' AND state = 'failed' AND repeat_of IS NULL`,
    [stage.id],
  );
  if (!last) {
    await startStage(transaction, stage.experiment_id, stage.position + 1);
    return;
  }
  await transaction.query(
    `UPDATE experiments SET state = 'evaluating', evaluation_dispatched_at = clock_timestamp() WHERE id = $1`,
    [stage.experiment_id],
  );
  await enqueueEvaluation(transaction, stage.experiment_id);
  await appendEvent(transaction, stage.experiment_id, 'evaluation.started', { trialId: picked });
}

async function failStage(transaction: Transaction, stage: StageRow): Promise<void> {
  const failed = await transaction.query<{ trial_index: number; reason: string }>(
    `SELECT trial_index, coalesce('invalid: ' || invalid_reason, failure_reason) AS reason
       FROM trials WHERE stage_id = $1 AND repeat_of IS NULL ORDER BY trial_index`,
    [stage.id],
  );
  const reasons = failed.rows.map((trial) => `trial ${trial.trial_index}: ${trial.reason}`);
  const reason = `no trial of the ${stage.name} stage finished: ${reasons.join('; ')}`;
  await transaction.query(
    `UPDATE stages SET finished_at = CASE WHEN id = $2 THEN clock_timestamp() END,
            state = CASE WHEN id = $2 THEN 'failed'::stage_state ELSE 'cancelled' END
      WHERE experiment_id = $1 AND state IN ('waiting', 'running')`,
    [stage.experiment_id, stage.id],
  );
  await appendEvent(transaction, stage.experiment_id, 'stage.failed', { stage: stage.name, reason });
  await failExperiment(transaction, stage.experiment_id, reason);
}

/** Ends an experiment without a winner. */
export async function failExperiment(
  transaction: Transaction,
  experimentId: string,
  reason: string,
): Promise<void> {
  await transaction.query(
    `UPDATE experiments SET state = 'failed', failure_reason = $2, finished_at = clock_timestamp() WHERE id = $1`,
    [experimentId, reason],
  );
  await appendEvent(transaction, experimentId, 'experiment.failed', { reason });
}
