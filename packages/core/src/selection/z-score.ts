import { indexOfLargest } from './greedy.ts';
import { fitLine, type Line, residualDeviation, type Spread, spread, zScores } from './line-fit.ts';
import { checkOutcomes, SelectionError, type TrialOutcome } from './outcome.ts';
import { explainSelection } from './reason.ts';

/** Which of the cases without a formula decided; null where the formula did. */
export type SpecialCase = 'equal-losses' | 'fewer-than-three' | 'equal-accuracies';

export interface Standing {
  readonly loss: number;
  readonly accuracy: number;
  readonly zLoss: number;
  readonly zAccuracy: number;
  readonly score: number;
}

/** A choice by the z-score rule with everything that led to it. */
export interface ZScoreSelection {
  /** Index of the winner. */
  readonly index: number;
  /** Index of the second highest score; null where there is one trial. */
  readonly runnerUp: number | null;
  /** How much accuracy counts against loss, from 0 to 1. */
  readonly weight: number;
  /** In the order of the trials. */
  readonly scores: readonly number[];
  readonly standings: readonly Standing[];
  /** Validation images behind every accuracy (M). */
  readonly images: number;
  /** Mean and population standard deviation of the losses, and of the accuracies (whose mean is p). */
  readonly loss: Spread;
  readonly accuracy: Spread;
  /** s = sqrt(p (1 - p) / M): the chance spread of an accuracy measured on M images. */
  readonly samplingDeviation: number;
  /** sa: spread of the accuracies around the fitted line; null where no line can be fitted or judged. */
  readonly residualDeviation: number | null;
  /** The straight line of accuracy over loss; null where all losses are equal or there is one trial. */
  readonly line: Line | null;
  readonly special: SpecialCase | null;
  /** Why the winner won, in words. */
  readonly reason: string;
}

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
