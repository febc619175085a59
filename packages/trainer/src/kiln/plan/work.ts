import { type Op, opMacs, type Program, type StageName } from '@bitkiln/core';
import { inputNeedsGradient } from './arithmetic.ts';
import { sparseConvolution } from './sparse-plan.ts';

/** Multiply-accumulates that an op takes for one sample. */
export interface OpWork {
  readonly forward: number;
  readonly kernelGradient: number;
  readonly inputGradient: number;
}

/**
 * The multiply-accumulates that training really does: taps on zero padding are skipped, and so are the gradients
 * that max pooling leaves at 0; the first weighted op has no input gradient.
 */
export function opWork(program: Program, stage: StageName, index: number): OpWork {
  const op = program.ops[index]!;
  const forward = opMacs(op) - paddedTaps(op);
  if (forward === 0) return { forward: 0, kernelGradient: 0, inputGradient: 0 };
  const sparse = sparseConvolution(program, index);
  const gradient = sparse === null ? forward : forward / sparse.pool.pool ** 2;
  const inputGradient = inputNeedsGradient(program, stage, index) ? gradient : 0;
  return { forward, kernelGradient: gradient, inputGradient };
}

/** Multiply-accumulates of one sample's training step. */
export function trainingMacs(program: Program, stage: StageName): number {
  return program.ops.reduce((sum, _, index) => {
    const work = opWork(program, stage, index);
    return sum + work.forward + work.kernelGradient + work.inputGradient;
  }, 0);
}

/** Taps of R's 3x3 convolutions that fall on the zeros around the map. */
function paddedTaps(op: Op): number {
  if (op.kind !== 'convolution' || op.padding === 0) return 0;
  const inside = (size: number, kernel: number) => size * kernel - 2 * sumTo(op.padding);
  const taps = inside(op.input.rows, op.kernelRows) * inside(op.input.cols, op.kernelCols);
  const all = op.input.rows * op.kernelRows * op.input.cols * op.kernelCols;
  return (all - taps) * op.input.channels * op.output.channels;
}

function sumTo(n: number): number {
  return (n * (n + 1)) / 2;
}
