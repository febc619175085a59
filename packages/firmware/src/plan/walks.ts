import type { Shape, Strategy } from '@bitkiln/core';
import { type Peel, peelBy, rowsThenColumns } from '../layout/peel.ts';

export interface WalkedConvolution {
  readonly input: Shape;
  readonly output: Shape;
  readonly kernelRows: number;
  readonly kernelCols: number;
}

/**
 * The orders in which a convolution may walk over its output under a strategy of the storage model, the one that
 * the model counts first.
 */
export function walksOf(convolution: WalkedConvolution, strategy: Strategy): Peel[] {
  const { rows, cols } = convolution.output;
  const byRows = rowsThenColumns(rows, cols, rows);
  const byColumns = rowsThenColumns(rows, cols, 0);
  if (strategy === 'naive') return [byRows];
  const columnsFirst = columnIsCheaper(convolution, rows, cols);
  if (strategy === 'normal') return columnsFirst ? [byColumns, byRows] : [byRows, byColumns];
  if (strategy === 'transpose') return transposed(convolution, columnsFirst);
  return [peelBy(rows, cols, (rowsLeft, colsLeft) => columnIsCheaper(convolution, rowsLeft, colsLeft))];
}

/** The walks of a strategy, then those of all others. */
export function everyWalk(convolution: WalkedConvolution, strategy: Strategy): Peel[] {
  const order: Strategy[] = [strategy, 'herringbone', 'transpose', 'normal'];
  return [...new Set(order.flatMap((name) => walksOf(convolution, name)))];
}

/** Whether taking a column adds less to the memory in use than taking a row (of what is left of the output). */
function columnIsCheaper(
  { input, output, kernelRows, kernelCols }: WalkedConvolution,
  rowsLeft: number,
  colsLeft: number,
): boolean {
  const growth = output.channels - input.channels;
  const column = rowsLeft * growth - (kernelRows - 1) * input.channels;
  const row = colsLeft * growth - (kernelCols - 1) * input.channels;
  return column < row;
}

/** Some rows, then columns (or the other way round), the number of rows that the storage model takes first. */
function transposed(
  { input, output, kernelRows, kernelCols }: WalkedConvolution,
  columnsFirst: boolean,
): Peel[] {
  const { rows, cols } = output;
  const growth = output.channels - input.channels;
  const side = columnsFirst ? cols : rows;
  const kernel = columnsFirst ? kernelCols : kernelRows;
  const last = growth > 0 ? Math.trunc(((kernel - 1) * input.channels) / growth) : 0;
  return [last, last + 1].map((left) => {
    const first = Math.min(side, Math.max(0, side - left));
    if (!columnsFirst) return rowsThenColumns(rows, cols, first);
    return first === cols ? 'C'.repeat(cols) : 'C'.repeat(first) + 'R'.repeat(rows);
  });
}
