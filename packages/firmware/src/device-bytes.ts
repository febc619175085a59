import { type Program, type Strategy, storageTotals } from '@bitkiln/core';
import { neededBits } from './plan/needs.ts';
import { stagesOf } from './plan/stage.ts';

/**
 * Bytes of activations on the device, exact (there may be half bytes): the storage model's, or the least buffer that
 * the generated code works in where that is more. The model promises too little where one of these is the peak:
 * strides, T with more channels out than in, R, the row sums of a streamed A, 16-bit logits, outputs of more bits
 * than the input, and, under normal and transpose, where a row of output takes less than the row of input that it
 * frees (the model counts that room before it is there) or, under transpose, a kernel is not square.
 */
export function deviceActivationBytes(program: Program, strategy: Strategy): number {
  const { activationBytes } = storageTotals(program.layers, program.input, strategy);
  return Math.max(activationBytes, neededBits(stagesOf(program), strategy) / 8);
}
