import { type ConvolutionOp, elements, type MaxPoolOp, type Program, type StageName } from '@bitkiln/core';
import { inputNeedsGradient } from './arithmetic.ts';

/**
 * After max pooling all but one gradient of each window is 0. The backward pass of the convolution before it
 * visits the others alone: a sample at a time, vectors running over input channels (padded to fours).
 */
export interface SparsePlan {
  /** Input channels rounded up to whole vectors. */
  readonly paddedChannels: number;
  /** Four samples of the input, each [row][column][padded channel]. */
  readonly input: number;
  /** Bytes of one sample of the input, and of its gradient. */
  readonly inputBytes: number;
  /** The gradient to the input, laid out likewise; null where nothing before trains. */
  readonly inputGradient: number | null;
  /** Kernel as [output channel][kernel row][kernel column][padded input channel]. */
  readonly weights: number;
  /** Running gradient of the kernel for four samples, each laid out as `weights`. */
  readonly gradients: number;
  /** Bytes of the kernel in that layout. */
  readonly kernelBytes: number;
  /** For each window and channel, in four lanes: where in the input the kernel lies on the largest element. */
  readonly picked: number;
}

/**
 * Whether op `index` is summed over pooling windows: a convolution without padding, of at least 3 input channels,
 * that max pooling of at least 2x2 follows directly. This is part of the trainer's definition.
 */
export function sparseConvolution(
  program: Program,
  index: number,
): { readonly op: ConvolutionOp; readonly pool: MaxPoolOp } | null {
  const op = program.ops[index];
  const pool = program.ops[index + 1];
  if (op?.kind !== 'convolution' || pool?.kind !== 'max-pool') return null;
  return op.padding === 0 && op.input.channels >= 3 && pool.pool >= 2 ? { op, pool } : null;
}

/** Reserves the arrays of a sparse convolution; null where op `index` is none. */
export function planSparse(
  program: Program,
  stage: StageName,
  index: number,
  reserve: (bytes: number) => number,
): SparsePlan | null {
  const found = sparseConvolution(program, index);
  if (found === null) return null;
  const { op, pool } = found;
  const paddedChannels = Math.ceil(op.input.channels / 4) * 4;
  const inputBytes = op.input.rows * op.input.cols * paddedChannels * 4;
  const kernelBytes = op.output.channels * op.kernelRows * op.kernelCols * paddedChannels * 4;
  return {
    paddedChannels,
    inputBytes,
    kernelBytes,
    input: reserve(4 * inputBytes),
    inputGradient: inputNeedsGradient(program, stage, index) ? reserve(4 * inputBytes) : null,
    weights: reserve(kernelBytes),
    gradients: reserve(4 * kernelBytes),
    picked: reserve(elements(pool.output) * 16),
  };
}
