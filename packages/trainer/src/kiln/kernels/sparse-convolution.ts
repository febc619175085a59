import type { ConvolutionOp, MaxPoolOp } from '@bitkiln/core';
import { type SparsePlan, sparseConvolution } from '../plan/sparse-plan.ts';
import type { KernelContext } from './context.ts';

/** Bytes of one float in the layouts by sample. */
export const singleFloat = 4;

export interface SparseConvolution {
  readonly index: number;
  readonly op: ConvolutionOp;
  readonly pool: MaxPoolOp;
  readonly sparse: SparsePlan;
  /** Bytes of one input row and column, and of one kernel row, padded. */
  readonly inputRow: number;
  readonly inputCol: number;
  readonly kernelRow: number;
}

export function sparseConvolutionAt(
  { program, plan }: KernelContext,
  index: number,
): SparseConvolution | null {
  const sparse = plan.sparse[index] ?? null;
  const found = sparseConvolution(program, index);
  if (sparse === null || found === null) return null;
  const { op, pool } = found;
  const inputCol = sparse.paddedChannels * singleFloat;
  const inputRow = op.input.cols * inputCol;
  return { index, op, pool, sparse, inputRow, inputCol, kernelRow: op.kernelCols * inputCol };
}

export function requireSparse(context: KernelContext, index: number): SparseConvolution {
  const found = sparseConvolutionAt(context, index);
  if (found === null) throw new TypeError(`op ${index} has no sparse gradient`);
  return found;
}
