import { type StageName, selectByZScore, selectGreedily, type TrialOutcome } from '@bitkiln/core';
import { appendEvent } from './append-event.ts';
import { newId } from './ids.ts';
import type { Transaction } from './transaction.ts';

export type SelectionRule = 'greedy' | 'z-score';

interface Candidate {
  readonly id: string;
  readonly trial_index: number;
  readonly best_loss: number;
  readonly best_loss_correct: number;
  readonly best_correct: number;
  readonly validation_total: number;
}

/** A choice among a stage's finished trials, places counted in their list. */
interface Choice {
  readonly chosen: number;
  readonly runnerUp: number | null;
  readonly weight: number | null;
  readonly scores: readonly (number | null)[];
  readonly details: object;
}

/**
 * Chooses among the stage's succeeded trials and records the choice with every input of the rule, so that it can
 * be audited. The experiment's row must be locked.
 *
 * @returns the chosen trial's id.
 */
export async function selectTrial(
  transaction: Transaction,
  stage: { readonly id: string; readonly experiment_id: string; readonly name: StageName },
  rule: SelectionRule,
): Promise<string> {
  const candidates = await findCandidates(transaction, stage.id);
  const choice = choose(candidates, rule);
  const chosen = candidates[choice.chosen]!;
  const runnerUp = choice.runnerUp === null ? null : candidates[choice.runnerUp]!.id;
  const selectionId = newId();
  await transaction.query(
    `INSERT INTO selections (id, experiment_id, stage_id, rule, chosen_trial_id, runner_up_trial_id, images, weight,
                             details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      selectionId,
      stage.experiment_id,
      stage.id,
      rule,
      chosen.id,
      runnerUp,
      chosen.validation_total,
      choice.weight,
      JSON.stringify(choice.details),
    ],
  );
  await transaction.query(
    `WITH scored AS (
       INSERT INTO selection_scores (selection_id, trial_id, trial_index, loss, correct, best_correct, score)
       SELECT $1, t.id, t.trial_index, t.best_loss, t.best_loss_correct, t.best_correct, given.score
         FROM unnest($2::uuid[], $3::float8[]) AS given (id, score) JOIN trials t USING (id)
       RETURNING trial_id, score
     )
     UPDATE trials SET score = scored.score FROM scored WHERE id = scored.trial_id AND scored.score IS NOT NULL`,
    [selectionId, candidates.map(({ id }) => id), choice.scores],
  );
  await appendEvent(transaction, stage.experiment_id, 'selection.made', {
    trialId: chosen.id,
    stage: stage.name,
    index: chosen.trial_index,
    rule,
    weight: choice.weight,
    score: choice.scores[choice.chosen]!,
    runnerUpTrialId: runnerUp,
  });
  return chosen.id;
}

/** The trial that the rule would choose now; null where no trial is left to choose from. Nothing is recorded. */
export async function wouldSelect(
  transaction: Transaction,
  stageId: string,
  rule: SelectionRule,
): Promise<{ readonly id: string; readonly index: number } | null> {
  const candidates = await findCandidates(transaction, stageId);
  if (candidates.length === 0) return null;
  const { id, trial_index: index } = candidates[choose(candidates, rule).chosen]!;
  return { id, index };
}

/** Trials that have finished and are no repeats, less those declared invalid. */
async function findCandidates(transaction: Transaction, stageId: string): Promise<readonly Candidate[]> {
  const found = await transaction.query<Candidate>(
    `SELECT id, trial_index, best_loss, best_loss_correct, best_correct, validation_total
       FROM trials
      WHERE stage_id = $1 AND state = 'succeeded' AND repeat_of IS NULL AND invalidated_at IS NULL
      ORDER BY trial_index`,
    [stageId],
  );
  return found.rows;
}

function choose(candidates: readonly Candidate[], rule: SelectionRule): Choice {
  return rule === 'greedy' ? chooseGreedily(candidates) : chooseByZScore(candidates);
}

function chooseGreedily(candidates: readonly Candidate[]): Choice {
  const outcomes = candidates.map(outcome);
  const chosen = selectGreedily(outcomes);
  return {
    chosen,
    runnerUp: outcomes.length < 2 ? null : greedyRunnerUp(outcomes, chosen),
    weight: null,
    scores: outcomes.map(() => null),
    details: {},
  };
}

function greedyRunnerUp(outcomes: readonly TrialOutcome[], chosen: number): number {
  const places = outcomes.map((_, place) => place).filter((place) => place !== chosen);
  return places[selectGreedily(places.map((place) => outcomes[place]!))]!;
}

function chooseByZScore(candidates: readonly Candidate[]): Choice {
  const selection = selectByZScore(candidates.map(outcome), candidates[0]!.validation_total);
  // The sentence counts the finished trials alone; who shows it makes it of the record, by the trials' own numbers.
  const { index, runnerUp, weight, scores, standings, images, reason, ...figures } = selection;
  return { chosen: index, runnerUp, weight, scores, details: figures };
}

function outcome(trial: Candidate): TrialOutcome {
  return {
    bestValLoss: trial.best_loss,
    bestValAccuracy: trial.best_correct / trial.validation_total,
    checkpointValLoss: trial.best_loss,
    checkpointValAccuracy: trial.best_loss_correct / trial.validation_total,
  };
}
