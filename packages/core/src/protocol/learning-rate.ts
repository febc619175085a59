import type { LearningRate } from './protocol.ts';

/**
 * Learning rate in epoch e (from 0): max(minimum, initial * decay^e). The power is a chain of products, since
 * Math.pow is not the same in every engine and the rate decides a trial's bytes.
 */
export function learningRateAt({ initial, decay, minimum }: LearningRate, epoch: number): number {
  let rate = initial;
  for (let e = 0; e < epoch && rate > minimum; e++) rate *= decay;
  return Math.max(minimum, rate);
}
