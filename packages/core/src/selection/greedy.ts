import { checkOutcomes, type TrialOutcome } from './outcome.ts';

/**
 * The pick between stages: index of the trial with the highest validation accuracy of any epoch, the first on a
 * tie. Its lowest-loss checkpoint goes on.
 * @throws SelectionError
 */
export function selectGreedily(trials: readonly Pick<TrialOutcome, 'bestValAccuracy'>[]): number {
  checkOutcomes(trials, ['bestValAccuracy']);
  return indexOfLargest(trials.map(({ bestValAccuracy }) => bestValAccuracy));
}

/** Index of the largest value, the first on a tie. */
export function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}
