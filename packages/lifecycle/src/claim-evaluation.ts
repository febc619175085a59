import { appendEvent } from './append-event.ts';
import { bytesToFloats, type CheckpointBytes, verifyCheckpoint } from './checkpoint-bytes.ts';
import type { Database } from './database.ts';
import { CorruptCheckpointError } from './errors.ts';
import { lockExperiment, requeueEvaluation } from './evaluation.ts';
import { failLockedEvaluation } from './fail-evaluation.ts';
import { defaultLeaseMs } from './lease.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import type { ClaimEvaluationResult, ClaimedEvaluation } from './types.ts';
import { describeExperiment, type ExperimentRow, experimentColumns } from './work-experiment.ts';
import { workFormat } from './work-format.ts';

export interface ClaimEvaluationInput {
  readonly experimentId: string;
  readonly workerId: string;
  /** How long the claim holds without an extension; default `defaultLeaseMs`. */
  readonly leaseMs?: number;
}

/** Takes the evaluation of an experiment's winner for a worker: of any number that try, one gets it. */
export function claimEvaluation(
  database: Database,
  input: ClaimEvaluationInput,
): Promise<ClaimEvaluationResult> {
  const leaseMs = input.leaseMs ?? defaultLeaseMs;
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, input.experimentId);
    if (experiment === null) return { outcome: 'unavailable', state: 'unknown' };
    if (experiment.state !== 'evaluating' || (experiment.leased && !experiment.lapsed)) {
      return { outcome: 'unavailable', state: experiment.state };
    }
    const { paused, format } = experiment;
    if (format > workFormat) return { outcome: 'newer-format', format, readable: workFormat };
    if (paused) return { outcome: 'paused' };
    if (experiment.lapsed)
      await requeueEvaluation(transaction, experiment, 'evaluation.preempted', 'lease lapsed');
    const attempt = experiment.evaluation_attempt + 1;
    await transaction.query(
      `UPDATE experiments SET evaluation_attempt = $2, evaluation_worker_id = $3,
              evaluation_lease_expires_at = clock_timestamp() + $4 * interval '1 ms'
        WHERE id = $1`,
      [experiment.id, attempt, input.workerId, leaseMs],
    );
    await appendEvent(transaction, experiment.id, 'evaluation.claimed', {
      attempt,
      workerId: input.workerId,
    });
    try {
      return {
        outcome: 'claimed',
        evaluation: await describeEvaluation(transaction, experiment.id, attempt, leaseMs),
      };
    } catch (error) {
      if (!(error instanceof CorruptCheckpointError)) throw error;
      await failLockedEvaluation(transaction, { ...experiment, evaluation_attempt: attempt }, error.message);
      return { outcome: 'corrupt-checkpoint', reason: error.message };
    }
  });
}

interface EvaluationRow extends CheckpointBytes, ExperimentRow {
  readonly strategy: string;
  readonly trial_id: string;
  readonly trial_index: number;
  readonly numerics_id: string;
  readonly reproducible: boolean;
  readonly best_loss: number;
  readonly best_loss_epoch: number;
  readonly best_loss_correct: number;
  readonly validation_total: number;
}

async function describeEvaluation(
  transaction: Transaction,
  experimentId: string,
  attempt: number,
  leaseMs: number,
): Promise<ClaimedEvaluation> {
  const found = await transaction.query<EvaluationRow>(
    `SELECT ${experimentColumns}, e.strategy, t.id AS trial_id, t.trial_index, t.numerics_id, t.reproducible,
            t.best_loss, t.best_loss_epoch, t.best_loss_correct, t.validation_total,
            c.parameters, c.first_moment, c.second_moment, c.sha256
       FROM experiments e
       JOIN stages s ON s.experiment_id = e.id AND s.position = 2
       JOIN trials t ON t.id = s.picked_trial_id
       JOIN checkpoints c ON c.trial_id = t.id AND c.kind = 'lowestLoss'
      WHERE e.id = $1`,
    [experimentId],
  );
  const row = found.rows[0];
  if (row === undefined)
    throw new CorruptCheckpointError(
      `the winner of experiment ${experimentId} has no lowest-loss checkpoint`,
    );
  verifyCheckpoint(row, `the lowest-loss checkpoint of trial ${row.trial_id}`);
  return {
    fence: { experimentId, attempt },
    leaseMs,
    experiment: { ...describeExperiment(experimentId, row), strategy: row.strategy },
    winner: {
      trialId: row.trial_id,
      trialIndex: row.trial_index,
      numericsId: row.numerics_id,
      reproducible: row.reproducible,
      parameters: bytesToFloats(row.parameters),
      epoch: row.best_loss_epoch,
      validationLoss: row.best_loss,
      validationCorrect: row.best_loss_correct,
      validationTotal: row.validation_total,
    },
  };
}
