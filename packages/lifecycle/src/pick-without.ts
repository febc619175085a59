import type { StageName } from '@bitkiln/core';
import { appendEvent } from './append-event.ts';
import type { LockedTrial } from './attempt.ts';
import { WrongStateError } from './errors.ts';
import type { LockedEvaluation } from './evaluation.ts';
import { selectTrial, wouldSelect } from './select-trial.ts';
import type { Transaction } from './transaction.ts';

interface StageRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: StageName;
  readonly position: number;
  readonly picked_trial_id: string;
}

/**
 * Settles what becomes of a stage's pick once a finished trial is marked invalid:
 *
 * - nothing that follows from the pick has begun: it is withdrawn and made again;
 * - something has, and the same trial would be picked without the invalid one: the pick stands, as recorded;
 * - something has, and another trial would be picked: refused, since what was trained from the pick would be wrong.
 *
 * A stage that is not over has no pick to settle. Trial and experiment must be locked: claims lock both, so that
 * nothing begins meanwhile.
 *
 * @returns whether the pick was made again.
 * @throws WrongStateError
 */
export async function pickWithout(
  transaction: Transaction,
  trial: LockedTrial,
  experiment: LockedEvaluation,
  reason: string,
): Promise<boolean> {
  const found = await transaction.query<StageRow>(
    `SELECT id, experiment_id, name, position, picked_trial_id FROM stages
      WHERE id = $1 AND state = 'succeeded'`,
    [trial.stage_id],
  );
  const stage = found.rows[0];
  if (stage === undefined) return false;
  const rule = stage.position === 2 ? 'z-score' : 'greedy';
  const next = await wouldSelect(transaction, stage.id, rule);
  if (next === null) {
    throw new WrongStateError(
      'trial',
      trial.id,
      `the only one that finished its ${stage.name} stage`,
      'another',
    );
  }
  if (await hasBegun(transaction, stage, experiment)) {
    if (next.id === stage.picked_trial_id) return false;
    const state = `behind the pick of its ${stage.name} stage, and what follows from that has begun`;
    const expected = `a trial without which the same one would be picked: it would be trial ${next.index}`;
    throw new WrongStateError('trial', trial.id, state, expected);
  }
  await transaction.query('DELETE FROM selections WHERE stage_id = $1', [stage.id]);
  await transaction.query('UPDATE trials SET score = NULL WHERE stage_id = $1 AND score IS NOT NULL', [
    stage.id,
  ]);
  await appendEvent(transaction, experiment.id, 'selection.withdrawn', {
    stage: stage.name,
    trialId: stage.picked_trial_id,
    reason: `trial ${trial.trial_index} was declared invalid: ${reason}`,
  });
  const picked = await selectTrial(transaction, stage, rule);
  await transaction.query('UPDATE stages SET picked_trial_id = $2 WHERE id = $1', [stage.id, picked]);
  return true;
}

/** Whether a trial of the next stage was ever claimed; behind the last stage, whether the winner is being evaluated. */
async function hasBegun(
  transaction: Transaction,
  stage: StageRow,
  experiment: LockedEvaluation,
): Promise<boolean> {
  if (stage.position === 2) return experiment.state !== 'evaluating' || experiment.leased;
  const begun = await transaction.query(
    `SELECT FROM trials t JOIN stages s ON s.id = t.stage_id
      WHERE s.experiment_id = $1 AND s.position = $2 AND t.attempt > 0 LIMIT 1`,
    [experiment.id, stage.position + 1],
  );
  return begun.rowCount === 1;
}
