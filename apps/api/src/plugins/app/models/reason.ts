import type { Winner } from '../../../schemas/winner.ts';

type Selection = Winner['selection'];
type Scored = Selection['scores'][number];

/** Why a trial won, in one sentence of the rule's own terms. */
export function reasonOf(selection: Selection, chosen: Scored, runnerUp: Scored | null): string {
  const count = selection.scores.length;
  if (count === 1) return `trial ${chosen.index} is the only one that finished the stage`;
  if (chosen.score === null || selection.weight === null) {
    return `trial ${chosen.index} comes first of ${count} by the ${selection.rule} rule`;
  }
  const ahead =
    runnerUp === null || runnerUp.score === null
      ? ''
      : `, ahead of trial ${runnerUp.index} with ${runnerUp.score.toFixed(4)}`;
  const weight = selection.weight.toFixed(4);
  return (
    `trial ${chosen.index} has the highest score of ${count}, ${chosen.score.toFixed(4)}${ahead}: ` +
    `${weight} times the z-score of its accuracy, less the z-score of its loss`
  );
}
