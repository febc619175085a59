import { show } from '../show.ts';

/** What selection needs of a finished trial; accuracies between 0 and 1. */
export interface TrialOutcome {
  /** Lowest validation loss of any epoch. */
  readonly bestValLoss: number;
  /** Highest validation accuracy of any epoch. */
  readonly bestValAccuracy: number;
  /** Loss and accuracy of the checkpoint with the lowest validation loss, which is what the trial hands on. */
  readonly checkpointValLoss: number;
  readonly checkpointValAccuracy: number;
}

/** Outcomes that can't be judged; `field` names one, such as `trials[3].checkpointValLoss`. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string) {
    super(`${field} is ${show(value)}; expected ${expected}`);
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}

const accuracy = { maximum: 1, expected: 'a number from 0 to 1' };
/** Far above any mean cross-entropy with clipped probabilities, far below what squares could overflow. */
const loss = { maximum: 1e6, expected: 'a number from 0 to 1000000' };
const limits = {
  bestValLoss: loss,
  bestValAccuracy: accuracy,
  checkpointValLoss: loss,
  checkpointValAccuracy: accuracy,
} as const;

/** @throws SelectionError where there is no trial, or a loss or an accuracy is missing or out of range. */
export function checkOutcomes<K extends keyof TrialOutcome>(
  trials: readonly Pick<TrialOutcome, K>[],
  fields: readonly K[],
): void {
  if (trials.length === 0) throw new SelectionError('trials', trials, 'at least one trial');
  for (const [index, trial] of trials.entries()) {
    for (const field of fields) {
      const value: unknown = trial[field];
      if (typeof value === 'number' && value >= 0 && value <= limits[field].maximum) continue;
      throw new SelectionError(`trials[${index}].${field}`, value, limits[field].expected);
    }
  }
}
