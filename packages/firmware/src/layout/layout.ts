import { columnStep, type Peel, rowStep } from './peel.ts';

/** Where the pixels of a map stand in memory, counted in pixels from the map's start. */
export interface Layout {
  readonly rows: number;
  readonly cols: number;
  readonly peel: Peel;
  /** For each row that has a step of its own: the columns taken before it; else all of them. */
  readonly colsBefore: readonly number[];
  /** For each column that has a step of its own: the rows taken before it; else all of them. */
  readonly rowsBefore: readonly number[];
}

/** @throws RangeError where the peel does not use up the map, or goes on after that */
export function createLayout(rows: number, cols: number, peel: Peel): Layout {
  const colsBefore = new Array<number>(rows).fill(cols);
  const rowsBefore = new Array<number>(cols).fill(rows);
  let [row, col] = [0, 0];
  for (const step of peel) {
    if (row === rows || col === cols) throw new RangeError(`${peel} goes on after a ${rows}x${cols} map`);
    if (step === columnStep) rowsBefore[col++] = row;
    else colsBefore[row++] = col;
  }
  if (row < rows && col < cols) throw new RangeError(`${peel} does not use up a ${rows}x${cols} map`);
  return { rows, cols, peel, colsBefore, rowsBefore };
}

export function rowMajor(rows: number, cols: number): Layout {
  return createLayout(rows, cols, rowStep.repeat(rows));
}

/**
 * The place of a pixel. Before the step that takes it, all but a rectangle of (rows - a) x (cols - b) pixels has
 * been laid down; within the step it follows the pixels on its left, or above it.
 */
export function placeOf({ rows, cols, colsBefore, rowsBefore }: Layout, row: number, col: number): number {
  const before = colsBefore[row]!;
  if (before <= col) return rows * cols - (rows - row) * (cols - before) + (col - before);
  const above = rowsBefore[col]!;
  return rows * cols - (rows - above) * (cols - col) + (row - above);
}

/** Every pixel, [row, col], in the order of its place. */
export function pixelsInOrder({ rows, cols, peel }: Layout): (readonly [number, number])[] {
  const pixels: (readonly [number, number])[] = [];
  let [row, col] = [0, 0];
  for (const step of peel) {
    if (step === columnStep) {
      for (let r = row; r < rows; r++) pixels.push([r, col]);
      col++;
    } else {
      for (let c = col; c < cols; c++) pixels.push([row, c]);
      row++;
    }
  }
  return pixels;
}

export function sameLayout(a: Layout, b: Layout): boolean {
  return (
    a.rows === b.rows &&
    a.cols === b.cols &&
    (a.peel === b.peel ||
      pixelsInOrder(a).every(([row, col]) => placeOf(a, row, col) === placeOf(b, row, col)))
  );
}
