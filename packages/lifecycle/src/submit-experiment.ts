import { stageNames } from '@bitkiln/core';
import { appendEvent } from './append-event.ts';
import type { Database } from './database.ts';
import { IdempotencyConflictError } from './errors.ts';
import { newId } from './ids.ts';
import { startStage } from './start-stage.ts';
import { inTransaction, type Transaction } from './transaction.ts';
import { defaultPriority } from './turns.ts';
import type { NewExperiment } from './types.ts';
import { workFormat } from './work-format.ts';

/**
 * Records an experiment with its stages and the first stage's trials, all or nothing. With an idempotency key,
 * a repeated call gives the experiment of the first one.
 *
 * @returns `created`: false for a repeated call.
 * @throws IdempotencyConflictError where the key was used with another body.
 */
export function submitExperiment(
  database: Database,
  experiment: NewExperiment,
): Promise<{ readonly experimentId: string; readonly created: boolean }> {
  return inTransaction(database, async (transaction) => {
    const experimentId = newId();
    if (!(await insertExperiment(transaction, experimentId, experiment))) {
      return { experimentId: await earlierExperiment(transaction, experiment), created: false };
    }
    await insertStages(transaction, experimentId, experiment);
    await appendEvent(transaction, experimentId, 'experiment.submitted', { name: experiment.name });
    await startStage(transaction, experimentId, 0);
    return { experimentId, created: true };
  });
}

/** False where the idempotency key is taken; a call under way with the same key is waited for. */
async function insertExperiment(transaction: Transaction, id: string, e: NewExperiment): Promise<boolean> {
  const columns = {
    id,
    name: e.name,
    dataset: e.dataset,
    augmentation: e.augmentation,
    network: e.network,
    input_rows: e.input.rows,
    input_cols: e.input.cols,
    input_channels: e.input.channels,
    classes: e.classes,
    strategy: e.strategy,
    budget_bytes: e.budgetBytes,
    weight_bytes: e.weightBytes,
    activation_bytes: e.activationBytes,
    seed: e.seed,
    priority: e.priority ?? defaultPriority,
    idempotency_key: e.idempotency?.key ?? null,
    body_hash: e.idempotency?.bodyHash ?? null,
    format: workFormat,
    epochs_total: stageNames.reduce(
      (sum, name) => sum + e.protocol[name].trials * e.protocol[name].epochs,
      0,
    ),
  };
  const names = Object.keys(columns);
  const inserted = await transaction.query(
    `INSERT INTO experiments (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})
     ON CONFLICT (idempotency_key) DO NOTHING`,
    Object.values(columns),
  );
  return inserted.rowCount === 1;
}

async function earlierExperiment(transaction: Transaction, { idempotency }: NewExperiment): Promise<string> {
  const found = await transaction.query<{ id: string; body_hash: string }>(
    'SELECT id, body_hash FROM experiments WHERE idempotency_key = $1',
    [idempotency!.key],
  );
  const earlier = found.rows[0]!;
  if (earlier.body_hash !== idempotency!.bodyHash)
    throw new IdempotencyConflictError(idempotency!.key, earlier.id);
  return earlier.id;
}

async function insertStages(
  transaction: Transaction,
  experimentId: string,
  { protocol }: NewExperiment,
): Promise<void> {
  for (const [position, name] of stageNames.entries()) {
    const { trials, epochs, batchSize, learningRate } = protocol[name];
    await transaction.query(
      `INSERT INTO stages (id, experiment_id, name, position, trial_count, epochs, batch_size,
                           learning_rate_initial, learning_rate_decay, learning_rate_minimum)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        newId(),
        experimentId,
        name,
        position,
        trials,
        epochs,
        batchSize,
        learningRate.initial,
        learningRate.decay,
        learningRate.minimum,
      ],
    );
  }
}
