/**
 * A feature map taken apart from its top left corner: a step takes the first row (`R`) or the first column (`C`) of
 * what is left, until a side is used up. It is at once the order in which a convolution walks over its output and
 * an order of pixels in memory; row-major is `RRR…`, column-major `CCC…`.
 */
export type Peel = string;

export const rowStep = 'R';
export const columnStep = 'C';

/** `rows` row steps, then columns to the end. */
export function rowsThenColumns(rows: number, cols: number, rowSteps: number): Peel {
  if (rowSteps >= rows) return rowStep.repeat(rows);
  return rowStep.repeat(rowSteps) + columnStep.repeat(cols);
}

/** A row or a column at a time, as `takesColumn` says of what is left. */
export function peelBy(
  rows: number,
  cols: number,
  takesColumn: (rowsLeft: number, colsLeft: number) => boolean,
): Peel {
  let [rowsLeft, colsLeft, peel] = [rows, cols, ''];
  while (rowsLeft > 0 && colsLeft > 0) {
    if (takesColumn(rowsLeft, colsLeft)) {
      peel += columnStep;
      colsLeft--;
    } else {
      peel += rowStep;
      rowsLeft--;
    }
  }
  return peel;
}

/**
 * The peel of a window's input that frees its memory from the front while the window's output is walked by `walk`:
 * each step as often as the stride says, and what is left in the same manner.
 */
export function inputPeel(
  walk: Peel,
  rows: number,
  cols: number,
  { strideRows, strideCols }: { readonly strideRows: number; readonly strideCols: number },
): Peel {
  let [rowsLeft, colsLeft, peel] = [rows, cols, ''];
  const take = (step: string, most: number): void => {
    const count = Math.min(most, step === rowStep ? rowsLeft : colsLeft);
    if (step === rowStep) rowsLeft -= count;
    else colsLeft -= count;
    peel += step.repeat(count);
  };
  for (const step of walk) take(step, step === rowStep ? strideRows : strideCols);
  while (rowsLeft > 0 && colsLeft > 0) take(nextStep(walk, peel), 1);
  return peel;
}

/** Alternating if the walk's last two steps do, else the last step again. */
function nextStep(walk: Peel, peel: Peel): string {
  const [beforeLast, last] = [walk.at(-2) ?? walk.at(-1)!, walk.at(-1)!];
  return beforeLast === last ? last : peel.endsWith(rowStep) ? columnStep : rowStep;
}
