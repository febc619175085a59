import type { IntegerValues } from './integer-program.ts';

export interface Interval {
  readonly lowest: number;
  readonly highest: number;
}

/** What a 32-bit accumulator holds, either sign. */
export const accumulatorLimit = 2 ** 31 - 1;

/** The interval around 0 that an interval of products or summands spans once partial sums count too. */
export function withZero({ lowest, highest }: Interval, shift = 0): Interval {
  return { lowest: Math.min(0, lowest) * 2 ** shift, highest: Math.max(0, highest) * 2 ** shift };
}

/**
 * What the sums of products can reach, by output channel, over all inputs in their range; every partial sum, in
 * whatever order the products are added, lies inside.
 * @param kernel its last axis, or its last two for a depthwise kernel, run over the output channels
 */
export function productIntervals(kernel: Int32Array, channels: number, inputs: IntegerValues): Interval[] {
  const low = new Float64Array(channels);
  const high = new Float64Array(channels);
  for (const [i, weight] of kernel.entries()) {
    const ends = [weight * inputs.lowest, weight * inputs.highest];
    low[i % channels]! += Math.min(0, ...ends);
    high[i % channels]! += Math.max(0, ...ends);
  }
  return Array.from(low, (lowest, channel) => ({ lowest, highest: high[channel]! }));
}

/** The sum of intervals. */
export function sumIntervals(intervals: readonly Interval[]): Interval {
  return {
    lowest: intervals.reduce((sum, { lowest }) => sum + lowest, 0),
    highest: intervals.reduce((sum, { highest }) => sum + highest, 0),
  };
}

/** The least interval around all of them. */
export function hull(intervals: readonly Interval[]): Interval {
  return {
    lowest: Math.min(...intervals.map(({ lowest }) => lowest)),
    highest: Math.max(...intervals.map(({ highest }) => highest)),
  };
}
