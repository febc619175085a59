import { appendEvent } from './append-event.ts';
import { type LockedTrial, trialFields } from './attempt.ts';
import type { Transaction } from './transaction.ts';

/** Holds a finished repeat against its original, and records whether they came to the same bytes. */
export async function recordComparison(
  transaction: Transaction,
  repeat: LockedTrial,
  originalId: string,
): Promise<void> {
  const difference =
    (await differentEpoch(transaction, originalId, repeat.id)) ??
    (await differentBytes(transaction, originalId, repeat.id));
  await transaction.query('UPDATE trials SET repeat_equal = $2, repeat_difference = $3 WHERE id = $1', [
    repeat.id,
    difference === null,
    difference,
  ]);
  await appendEvent(transaction, repeat.experiment_id, 'trial.repeated', {
    ...trialFields(repeat),
    equal: difference === null,
    difference,
  });
}

interface Figures {
  readonly train_loss: number;
  readonly validation_loss: number;
  readonly validation_correct: number;
}

const figures = ['train_loss', 'validation_loss', 'validation_correct'] as const;

async function differentEpoch(
  transaction: Transaction,
  originalId: string,
  repeatId: string,
): Promise<string | null> {
  const found = await transaction.query<{ epoch: number; original: Figures; own: Figures }>(
    `SELECT o.epoch, to_json(o) AS original, to_json(r) AS own
       FROM epochs o JOIN epochs r ON r.trial_id = $2 AND r.epoch = o.epoch
      WHERE o.trial_id = $1 AND (${figures.map((name) => `o.${name}`).join(', ')})
            IS DISTINCT FROM (${figures.map((name) => `r.${name}`).join(', ')})
      ORDER BY o.epoch LIMIT 1`,
    [originalId, repeatId],
  );
  const [row] = found.rows;
  if (row === undefined) return null;
  const name = figures.find((figure) => row.original[figure] !== row.own[figure])!;
  return `epoch ${row.epoch}: ${name.replace('_', ' ')} is ${row.own[name]}; expected ${row.original[name]}`;
}

/** Figures may agree where weights differ: the hashes tell. Those of pruned checkpoints are not there to compare. */
async function differentBytes(
  transaction: Transaction,
  originalId: string,
  repeatId: string,
): Promise<string | null> {
  const found = await transaction.query<{ what: string; original: string; own: string }>(
    `SELECT 'the state after the last epoch' AS what, o.final_sha256 AS original, r.final_sha256 AS own
       FROM trials o, trials r
      WHERE o.id = $1 AND r.id = $2 AND o.final_sha256 <> r.final_sha256
     UNION ALL
     SELECT 'the ' || o.kind || ' checkpoint', o.sha256, r.sha256
       FROM checkpoints o JOIN checkpoints r ON r.trial_id = $2 AND r.kind = o.kind
      WHERE o.trial_id = $1 AND o.sha256 <> r.sha256
      LIMIT 1`,
    [originalId, repeatId],
  );
  const [row] = found.rows;
  return row === undefined ? null : `${row.what} has the SHA-256 ${row.own}; expected ${row.original}`;
}
