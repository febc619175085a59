import type { Line, Spread } from './line-fit.ts';

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
