import { at, type I32, i32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import type { Tap } from './taps.ts';
import { type ChannelTiles, type ColumnTiles, channelTiles, columnTiles } from './tiling.ts';

/** A feature map of one group quarter in memory: [row][column][channel], each element four lanes (16 bytes). */
export interface MapPlace {
  readonly address: number;
  readonly cols: number;
  readonly channels: number;
}

/** Byte strides of the weight table along each axis of the correlation. */
interface WeightStrides {
  readonly address: number;
  /** Whether the table holds single floats, spread over the lanes when loaded, or vectors. */
  readonly compact: boolean;
  readonly kernelRow: number;
  readonly kernelCol: number;
  readonly group: number;
  readonly reduced: number;
  readonly produced: number;
}

/**
 * target[r][c][g, o] = start + sum over kernel row, reduced channel i, kernel column of
 * source[row tap][column tap][g, i] * weight[kernel row][kernel column][g, i, o],
 * added up in that order, product and sum rounded separately.
 */
export interface Correlation {
  readonly groups: number;
  readonly reduced: number;
  readonly produced: number;
  readonly source: MapPlace;
  readonly target: MapPlace;
  readonly weights: WeightStrides;
  readonly rowTaps: readonly (readonly Tap[])[];
  readonly colTaps: readonly (readonly Tap[])[];
  /** Where the row table (three 32-bit words for each target row) stands in memory. */
  readonly rowTable: number;
  readonly multiplyAdd: (a: V128, b: V128, sum: V128) => V128;
  /** What a sum starts from; channel * 16 is `channelBytes` + `offset`. */
  readonly start: (channelBytes: I32, offset: number) => V128;
  /** Consumes a finished sum; `element` + `offset` is its element's place in any map of the target's shape. */
  readonly finish: (value: V128, element: I32, offset: number) => void;
}

/** Bytes of one element: four lanes of single precision. */
export const lanes4 = 16;
const word = 4;

/** Source offset, weight offset and tap count for each target row. Taps are in arithmetic progression. */
export function rowTable({ rowTaps, source, weights }: Omit<Correlation, 'finish'>): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    rowTaps.flatMap((taps) => [
      (taps[0]?.source ?? 0) * source.cols * source.channels * lanes4,
      (taps[0]?.kernel ?? 0) * weights.kernelRow,
      taps.length,
    ]),
  );
}

/**
 * Pixels by channels of the register tile: the sums, one row of inputs, a weight and a product have to fit into
 * the 15 vector registers that V8 allocates on x86-64.
 */
const registers = 15;
function widestTile(columns: number): number {
  return columns >= 3 ? 3 : columns === 2 ? 5 : 10;
}
function pixelsBeside(width: number): number {
  return Math.max(1, Math.floor((registers - 3) / (width + 1)));
}

export function emitCorrelation(f: FunctionBuilder, c: Correlation): void {
  const group = f.let(i32.const(0));
  f.repeat(c.groups, () => {
    for (const tiles of channelTiles(c.produced, widestTile(c.colTaps.length))) {
      emitChannelTiles(f, c, tiles, group);
    }
    f.increase(group, 1);
  });
}

function emitChannelTiles(f: FunctionBuilder, c: Correlation, tiles: ChannelTiles, group: I32): void {
  const { target, weights } = c;
  const source = f.let(i32.mul(group, i32.const(c.reduced * lanes4)));
  const weight = f.let(
    i32.add(i32.mul(group, i32.const(weights.group)), i32.const(tiles.first * weights.produced)),
  );
  const channelBytes = f.let(
    i32.add(i32.mul(group, i32.const(c.produced * lanes4)), i32.const(tiles.first * lanes4)),
  );
  const columns = columnTiles(c.colTaps, pixelsBeside(tiles.width));
  f.repeat(tiles.count, () => {
    const targetRow = f.let(channelBytes);
    const row = f.let(i32.const(0));
    f.repeat(c.rowTaps.length, () => {
      for (const run of columns) {
        emitColumnTiles(f, c, run, tiles.width, { source, weight, targetRow, channelBytes, row });
      }
      f.increase(targetRow, target.cols * target.channels * lanes4);
      f.increase(row, 3 * word);
    });
    f.increase(weight, tiles.width * weights.produced);
    f.increase(channelBytes, tiles.width * lanes4);
  });
}

interface Cursors {
  readonly source: I32;
  readonly weight: I32;
  readonly targetRow: I32;
  readonly channelBytes: I32;
  readonly row: I32;
}

function emitColumnTiles(
  f: FunctionBuilder,
  c: Correlation,
  run: ColumnTiles,
  width: number,
  cursors: Cursors,
): void {
  const pixelBytes = c.source.channels * lanes4;
  const targetPixelBytes = c.target.channels * lanes4;
  const source = f.let(
    i32.add(
      i32.add(cursors.source, i32.load(at(cursors.row, c.rowTable))),
      i32.const(run.source * pixelBytes),
    ),
  );
  const weight = f.let(i32.add(cursors.weight, i32.load(at(cursors.row, c.rowTable + word))));
  const target = f.let(i32.add(cursors.targetRow, i32.const(run.first * targetPixelBytes)));
  const pixels = run.taps.length;
  const step = rowStep(c.rowTaps);
  f.repeat(run.count, () => {
    const sums = run.taps.map(() =>
      Array.from({ length: width }, (_, o) => f.let(c.start(cursors.channelBytes, o * lanes4))),
    );
    const x = f.let(source);
    const w = f.let(weight);
    forEachRowTap(f, c, cursors.row, () => {
      emitReduction(f, c, run, sums, { x, w });
      f.increase(x, step.source * c.source.cols * pixelBytes);
      f.increase(w, step.kernel * c.weights.kernelRow);
    });
    for (let p = 0; p < pixels; p++) {
      for (let o = 0; o < width; o++) c.finish(sums[p]![o]!, target, p * targetPixelBytes + o * lanes4);
    }
    f.increase(source, run.sourceStep * pixelBytes);
    f.increase(target, pixels * targetPixelBytes);
  });
}

function forEachRowTap(f: FunctionBuilder, c: Correlation, row: I32, body: () => void): void {
  const counts = new Set(c.rowTaps.map((taps) => taps.length));
  if (counts.size === 1) {
    f.repeat([...counts][0]!, body);
    return;
  }
  const taps = f.let(i32.load(at(row, c.rowTable + 2 * word)));
  if (counts.has(0)) f.when(taps, () => f.countDown(taps, body));
  else f.countDown(taps, body);
}

/** The step from one row tap to the next, the same for every target row. */
function rowStep(rowTaps: Correlation['rowTaps']): Tap {
  const list = rowTaps.find((taps) => taps.length > 1);
  if (list === undefined) return { source: 0, kernel: 0 };
  return { source: list[1]!.source - list[0]!.source, kernel: list[1]!.kernel - list[0]!.kernel };
}

/**
 * One kernel row: a loop over the reduced channels with the kernel's columns unrolled. A longer body would be
 * slower: V8 moves the additions to the end of a basic block and then runs out of registers.
 */
function emitReduction(
  f: FunctionBuilder,
  c: Correlation,
  run: ColumnTiles,
  sums: Local<'v128'>[][],
  cursor: { readonly x: Local<'i32'>; readonly w: Local<'i32'> },
): void {
  f.repeat(c.reduced, () => {
    emitReducedChannel(f, c, run, sums, cursor);
    f.increase(cursor.x, lanes4);
    f.increase(cursor.w, c.weights.reduced);
  });
  f.increase(cursor.x, -c.reduced * lanes4);
  f.increase(cursor.w, -c.reduced * c.weights.reduced);
}

function emitReducedChannel(
  f: FunctionBuilder,
  c: Correlation,
  run: ColumnTiles,
  sums: Local<'v128'>[][],
  cursor: { readonly x: I32; readonly w: I32 },
): void {
  const inputs = new Map<number, Local<'v128'>>();
  const input = (column: number) => {
    let loaded = inputs.get(column);
    if (loaded === undefined) {
      loaded = f.let(v128.load(at(cursor.x, c.source.address + column * c.source.channels * lanes4)));
      inputs.set(column, loaded);
    }
    return loaded;
  };
  const kernelCols = [...new Set(run.taps.flat().map((tap) => tap.kernel))].sort((a, b) => a - b);
  for (const kernelCol of kernelCols) {
    for (const [o] of sums[0]!.entries()) {
      const weight = f.let(loadWeight(c, cursor.w, kernelCol * c.weights.kernelCol + o * c.weights.produced));
      for (const [p, taps] of run.taps.entries()) {
        const tap = taps.find((candidate) => candidate.kernel === kernelCol);
        if (tap === undefined) continue;
        f.set(sums[p]![o]!, c.multiplyAdd(input(tap.source), weight, sums[p]![o]!));
      }
    }
  }
}

/**
 * V8 folds constant offsets into vector loads, but for spreading loads it keeps every distinct offset in a register:
 * these get their offset added to the cursor.
 */
function loadWeight({ weights }: Correlation, cursor: I32, offset: number): V128 {
  if (!weights.compact) return v128.load(at(cursor, weights.address + offset));
  const place = offset === 0 ? cursor : i32.add(cursor, i32.const(offset));
  return v128.loadSplat(at(place, weights.address));
}
