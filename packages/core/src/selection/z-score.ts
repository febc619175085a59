import { indexOfLargest } from './greedy.ts';
import { fitLine, residualDeviation, type Spread, spread, zScores } from './line-fit.ts';
import { checkOutcomes, SelectionError, type TrialOutcome } from './outcome.ts';
import { explainSelection } from './reason.ts';
import type { SpecialCase, ZScoreSelection } from './z-score-selection.ts';

type Judged = Pick<TrialOutcome, 'checkpointValLoss' | 'checkpointValAccuracy'>;

/**
 * Chooses the winner among the trials of the last stage: `score = w z(accuracy) - z(loss)` with
 * `w = sa^2 / (s^2 + sa^2)`, the first on a tie. Where the formula has no value:
 * - all losses are equal (one trial included): loss tells nothing, w is 1, the highest accuracy wins;
 * - fewer than three trials: sa can't be told from chance, w is 0, the lowest loss wins;
 * - all accuracies are equal: accuracy tells nothing, w is 0, the lowest loss wins.
 * Equal values have z-scores of 0.
 * @param images validation images behind every accuracy
 * @throws SelectionError
 */
export function selectByZScore(trials: readonly Judged[], images: number): ZScoreSelection {
  checkOutcomes(trials, ['checkpointValLoss', 'checkpointValAccuracy']);
  if (!Number.isInteger(images) || images < 1) {
    throw new SelectionError('images', images, 'a whole number of at least 1');
  }
  const losses = trials.map(({ checkpointValLoss }) => checkpointValLoss);
  const accuracies = trials.map(({ checkpointValAccuracy }) => checkpointValAccuracy);
  const loss = spread(losses);
  const accuracy = spread(accuracies);
  const special = specialCase(trials.length, loss, accuracy);
  const line = loss.deviation === 0 ? null : fitLine(losses, accuracies);
  const deviation = line === null || trials.length < 3 ? null : residualDeviation(losses, accuracies, line);
  const samplingDeviation = Math.sqrt((accuracy.mean * (1 - accuracy.mean)) / images);
  const weight =
    special === null ? deviation! ** 2 / (samplingDeviation ** 2 + deviation! ** 2) : fixedWeights[special];
  const zLosses = zScores(losses, loss);
  const zAccuracies = zScores(accuracies, accuracy);
  const scores = trials.map((_, i) => weight * zAccuracies[i]! - zLosses[i]!);
  const index = indexOfLargest(scores);
  const selection = {
    index,
    runnerUp: runnerUpOf(scores, index),
    weight,
    scores,
    standings: scores.map((score, i) => ({
      loss: losses[i]!,
      accuracy: accuracies[i]!,
      zLoss: zLosses[i]!,
      zAccuracy: zAccuracies[i]!,
      score,
    })),
    images,
    loss,
    accuracy,
    samplingDeviation,
    residualDeviation: deviation,
    line,
    special,
  };
  return { ...selection, reason: explainSelection(selection) };
}

const fixedWeights: Readonly<Record<SpecialCase, number>> = {
  'equal-losses': 1,
  'fewer-than-three': 0,
  'equal-accuracies': 0,
};

function specialCase(trials: number, loss: Spread, accuracy: Spread): SpecialCase | null {
  if (loss.deviation === 0) return 'equal-losses';
  if (trials < 3) return 'fewer-than-three';
  return accuracy.deviation === 0 ? 'equal-accuracies' : null;
}

function runnerUpOf(scores: readonly number[], winner: number): number | null {
  if (scores.length < 2) return null;
  return indexOfLargest(scores.map((score, index) => (index === winner ? Number.NEGATIVE_INFINITY : score)));
}
