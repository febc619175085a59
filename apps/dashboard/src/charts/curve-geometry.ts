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

/** Quantiles of more values than this are told from so many, evenly chosen. */
const sampled = 4096;

/**
 * The range that shows what tells trials apart: all of the good end, while the worst epochs, which are the first
 * ones, may leave the picture.
 */
export function valueRange(trials: readonly Curve[], metric: Metric): readonly [number, number] {
  let [least, most, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const trial of trials) {
    for (const value of columnOf(trial, metric)) {
      if (value < least) least = value;
      if (value > most) most = value;
      count += 1;
    }
  }
  if (count === 0) return metric === 'loss' ? [0.05, 1] : [0.9, 1];
  if (metric === 'loss') {
    const low = Math.max(least, 1e-6);
    const ratio = Math.max(quantile(trials, metric, count, 0.99) / low, 1.03);
    const pad = Math.max(ratio ** 0.07, 1.003);
    return [low / pad, low * ratio * pad];
  }
  const low = quantile(trials, metric, count, 0.03);
  const pad = Math.max((most - low) * 0.06, 0.0005);
  return [Math.max(0, low - pad), Math.min(1, most + pad)];
}

/** A range that still serves is kept, so that thousands of curves are not moved by a pixel whenever one of them grows. */
export function steadied(
  held: readonly [number, number],
  next: readonly [number, number],
): readonly [number, number] {
  const slack = 0.04 * (held[1] - held[0]);
  const serves = next[0] >= held[0] - slack / 4 && next[1] <= held[1] + slack / 4;
  return serves && next[0] - held[0] < slack && held[1] - next[1] < slack ? held : next;
}

function quantile(trials: readonly Curve[], metric: Metric, count: number, share: number): number {
  const step = Math.ceil(count / sampled);
  const sample = new Float64Array(Math.ceil(count / step));
  let place = 0;
  for (const trial of trials) {
    for (const value of columnOf(trial, metric)) {
      if (place % step === 0) sample[place / step] = value;
      place += 1;
    }
  }
  sample.sort();
  return sample[Math.min(sample.length - 1, Math.floor(share * sample.length))]!;
}
