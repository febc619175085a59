import type { Curve, EpochMark } from '../api/types.ts';

export type Metric = 'loss' | 'accuracy';

export function columnOf(trial: Curve, metric: Metric): readonly number[] {
  return metric === 'loss' ? trial.losses : trial.accuracies;
}

export function markValue(mark: EpochMark, metric: Metric): number {
  return metric === 'loss' ? mark.validationLoss : mark.validationAccuracy;
}

/** Place of the last epoch in a curve that is not behind `epoch`; -1 where there is none. */
export function placeOf(epochs: readonly number[], epoch: number): number {
  let low = 0;
  let high = epochs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (epochs[middle]! <= epoch) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether losses this far apart are read better on a logarithmic axis. */
export function isWide([low, high]: readonly [number, number]): boolean {
  return high / low > 6;
}

/** The curve's value at an epoch, between its points if need be; null before its first and behind its last. */
export function valueAt(trial: Curve, metric: Metric, epoch: number): number | null {
  const values = columnOf(trial, metric);
  const place = placeOf(trial.epochs, epoch);
  if (place < 0) return null;
  const [left, right] = [trial.epochs[place]!, trial.epochs[place + 1]];
  if (right === undefined) return epoch - left < 0.75 ? values[place]! : null;
  const share = (epoch - left) / (right - left);
  return values[place]! * (1 - share) + values[place + 1]! * share;
}

/**
 * The range that shows what tells trials apart: all of the good end, while the worst epochs, which are the first
 * ones, may leave the picture.
 */
export function valueRange(trials: readonly Curve[], metric: Metric): readonly [number, number] {
  const values = trials.flatMap((trial) => columnOf(trial, metric)).sort((a, b) => a - b);
  if (values.length === 0) return metric === 'loss' ? [0.05, 1] : [0.9, 1];
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  if (metric === 'loss') {
    const [low, high] = [Math.max(values[0]!, 1e-6), Math.max(at(0.99), 1e-6)];
    return [low / 1.08, Math.max(high, low * 1.3) * 1.08];
  }
  const [low, high] = [at(0.03), values.at(-1)!];
  const pad = Math.max((high - low) * 0.06, 0.0005);
  return [Math.max(0, low - pad), Math.min(1, high + pad)];
}
