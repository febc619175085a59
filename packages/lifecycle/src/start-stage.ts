import type { StageName } from '@bitkiln/core';
import { appendEvent } from './append-event.ts';
import { newId } from './ids.ts';
import { enqueueTrials } from './outbox.ts';
import type { Transaction } from './transaction.ts';
import { lastTurn, presentTurn, turnStep } from './turns.ts';

/** Makes a waiting stage's trials, queued, and their wake-ups. */
export async function startStage(
  transaction: Transaction,
  experimentId: string,
  position: number,
): Promise<void> {
  const started = await transaction.query<{
    id: string;
    name: StageName;
    trial_count: number;
    epochs: number;
  }>(
    `UPDATE stages SET state = 'running', started_at = clock_timestamp()
      WHERE experiment_id = $1 AND position = $2 AND state = 'waiting' RETURNING id, name, trial_count, epochs`,
    [experimentId, position],
  );
  const stage = started.rows[0];
  if (stage === undefined) throw new Error(`stage ${position} of experiment ${experimentId} is not waiting`);
  const ids = Array.from({ length: stage.trial_count }, newId);
  await transaction.query(
    `INSERT INTO trials (id, experiment_id, stage_id, stage_name, trial_index, turn)
     SELECT made.id, $2, $3, $4, place - 1, least(${lastTurn}, ${presentTurn} + place * ${turnStep('e.priority')})
       FROM unnest($1::uuid[]) WITH ORDINALITY AS made (id, place), experiments e WHERE e.id = $2`,
    [ids, experimentId, stage.id, stage.name],
  );
  await enqueueTrials(transaction, ids);
  await appendEvent(transaction, experimentId, 'stage.started', {
    stage: stage.name,
    trials: stage.trial_count,
    epochs: stage.epochs,
  });
}
