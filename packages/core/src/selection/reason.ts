import type { Standing, ZScoreSelection } from './z-score-selection.ts';

/**
 * Why the winner won, in a few sentences.
 * @param names what the trials are called, where they are not simply counted from 0 (some may have failed)
 */
export function explainSelection(
  selection: Omit<ZScoreSelection, 'reason'>,
  names: readonly (number | string)[] = selection.standings.map((_, index) => index),
): string {
  const { index, runnerUp, standings, special, weight } = selection;
  const winner = standings[index]!;
  if (runnerUp === null) return `Trial ${names[index]} is the only finished trial (${figures(winner)}).`;
  const second = standings[runnerUp]!;
  const opening = `Trial ${names[index]} wins with a score of ${winner.score.toFixed(3)} (${figures(winner)})`;
  const against = `ahead of trial ${names[runnerUp]} with ${second.score.toFixed(3)} (${figures(second)})`;
  const tie = winner.score === second.score ? ' The scores tie, so the first wins.' : '';
  switch (special) {
    case 'equal-losses':
      return `${opening}, ${against}. All losses are equal, so accuracy alone decides.${tie}`;
    case 'fewer-than-three':
      return `${opening}, ${against}. Two trials can't tell accuracy from chance, so loss alone decides.${tie}`;
    case 'equal-accuracies':
      return `${opening}, ${against}. All accuracies are equal, so loss alone decides.${tie}`;
    case null:
      return `${opening}, ${against}. ${weighing(selection, weight)}${tie}`;
  }
}

function weighing(
  { samplingDeviation, residualDeviation, images }: Omit<ZScoreSelection, 'reason'>,
  weight: number,
): string {
  const chance = `${percent(samplingDeviation)} by chance on ${images} images`;
  const around = `${percent(residualDeviation!)} around its line over loss`;
  return `Accuracy spreads ${around} and ${chance}, so it counts ${weight.toFixed(4)} against 1 for loss.`;
}

function figures({ loss, accuracy }: Standing): string {
  return `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
