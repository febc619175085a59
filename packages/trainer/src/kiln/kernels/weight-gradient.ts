import { at, f32x4, type I32, i32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { lanes4, type MapPlace } from './correlation.ts';
import type { Tap } from './taps.ts';
import { type ChannelTiles, channelTiles, columnTiles } from './tiling.ts';

/**
 * gradient[kernel row][kernel column][g, i, o] += sum over output rows, then columns, of
 * input[row tap][column tap][g, i] * error[row][column][g, o]. The sum starts from 0 and is then added.
 */
export interface WeightGradient {
  readonly groups: number;
  readonly reduced: number;
  readonly produced: number;
  readonly input: MapPlace;
  readonly error: MapPlace;
  readonly kernelRows: number;
  readonly kernelCols: number;
  /** The kernel's running gradient, [kernel row][kernel column][group][i][o], 16 bytes an element. */
  readonly gradient: number;
  readonly rowTaps: readonly (readonly Tap[])[];
  readonly colTaps: readonly (readonly Tap[])[];
  readonly multiplyAdd: (a: V128, b: V128, sum: V128) => V128;
}

/** Inputs by errors of the register tile: 9 sums, 3 inputs, an error and a product in 15 registers. */
const tileSide = 3;
/** Output columns in a loop body: neighbours share inputs, but a long body runs out of registers. */
const columnsInBody = 2;

export function emitWeightGradient(f: FunctionBuilder, w: WeightGradient): void {
  const kernelCols = channelTiles(w.kernelCols, tileSide);
  const inputLimit = Math.max(1, Math.floor(tileSide / kernelCols[0]!.width));
  const group = f.let(i32.const(0));
  f.repeat(w.groups, () => {
    for (const outputs of channelTiles(w.produced, tileSide)) {
      for (const inputs of channelTiles(w.reduced, inputLimit)) {
        for (let kernelRow = 0; kernelRow < w.kernelRows; kernelRow++) {
          for (const cols of kernelCols) {
            for (let t = 0; t < cols.count; t++) {
              const first = cols.first + t * cols.width;
              emitTiles(f, w, { outputs, inputs, kernelRow, firstCol: first, cols: cols.width, group });
            }
          }
        }
      }
    }
    f.increase(group, 1);
  });
}

interface TilePlan {
  readonly outputs: ChannelTiles;
  readonly inputs: ChannelTiles;
  readonly kernelRow: number;
  readonly firstCol: number;
  readonly cols: number;
  readonly group: I32;
}

function emitTiles(f: FunctionBuilder, w: WeightGradient, plan: TilePlan): void {
  const { outputs, inputs, kernelRow, firstCol, cols, group } = plan;
  const rows = w.rowTaps.flatMap((taps, row) =>
    taps.filter((tap) => tap.kernel === kernelRow).map((tap) => ({ row, source: tap.source })),
  );
  if (rows.length === 0) return;
  const elementBytes = w.produced * lanes4;
  const tapBytes = w.groups * w.reduced * elementBytes;
  const error = f.let(i32.add(i32.mul(group, i32.const(elementBytes)), i32.const(outputs.first * lanes4)));
  const outputStart = f.let(
    i32.add(i32.mul(group, i32.const(w.reduced * elementBytes)), i32.const(outputs.first * lanes4)),
  );
  f.repeat(outputs.count, () => {
    const gradient = f.let(i32.add(outputStart, i32.const(inputs.first * elementBytes)));
    const input = f.let(
      i32.add(i32.mul(group, i32.const(w.reduced * lanes4)), i32.const(inputs.first * lanes4)),
    );
    f.repeat(inputs.count, () => {
      const taps = Array.from({ length: cols * inputs.width }, (_, n) => ({
        col: firstCol + Math.floor(n / inputs.width),
        channel: n % inputs.width,
      }));
      const sums = sumOverPositions(f, w, { rows, taps, width: outputs.width, input, error });
      for (const [n, { col, channel }] of taps.entries()) {
        for (let o = 0; o < outputs.width; o++) {
          const offset = (kernelRow * w.kernelCols + col) * tapBytes + channel * elementBytes + o * lanes4;
          const place = at(gradient, w.gradient + offset);
          f.storeVector(place, f32x4.add(v128.load(place), sums[n]![o]!));
        }
      }
      f.increase(gradient, inputs.width * elementBytes);
      f.increase(input, inputs.width * lanes4);
    });
    f.increase(error, outputs.width * lanes4);
    f.increase(outputStart, outputs.width * lanes4);
  });
}

interface PositionSum {
  readonly rows: readonly { readonly row: number; readonly source: number }[];
  readonly taps: readonly { readonly col: number; readonly channel: number }[];
  readonly width: number;
  readonly input: I32;
  readonly error: I32;
}

function sumOverPositions(f: FunctionBuilder, w: WeightGradient, sum: PositionSum): Local<'v128'>[][] {
  const { rows, taps, width } = sum;
  const inputPixel = w.input.channels * lanes4;
  const errorPixel = w.error.channels * lanes4;
  const inputRow = f.let(i32.add(sum.input, i32.const(rows[0]!.source * w.input.cols * inputPixel)));
  const errorRow = f.let(i32.add(sum.error, i32.const(rows[0]!.row * w.error.cols * errorPixel)));
  const sums = taps.map(() => Array.from({ length: width }, () => f.let(f32x4.const(0))));
  const wanted = new Set(taps.map((tap) => tap.col));
  const columns = w.colTaps.map((list) => list.filter((tap) => wanted.has(tap.kernel)));
  const runs = columnTiles(columns, columnsInBody);
  const stride = rows.length > 1 ? rows[1]!.source - rows[0]!.source : 0;
  f.repeat(rows.length, () => {
    for (const run of runs) {
      const x = f.let(i32.add(inputRow, i32.const(run.source * inputPixel)));
      const e = f.let(i32.add(errorRow, i32.const(run.first * errorPixel)));
      f.repeat(run.count, () => {
        emitPositions(f, w, { taps, columns: run.taps, sums, x, e });
        f.increase(x, run.sourceStep * inputPixel);
        f.increase(e, run.taps.length * errorPixel);
      });
    }
    f.increase(inputRow, stride * w.input.cols * inputPixel);
    f.increase(errorRow, w.error.cols * errorPixel);
  });
  return sums;
}

interface Positions {
  readonly taps: PositionSum['taps'];
  readonly columns: readonly (readonly Tap[])[];
  readonly sums: readonly (readonly Local<'v128'>[])[];
  readonly x: I32;
  readonly e: I32;
}

function emitPositions(
  f: FunctionBuilder,
  w: WeightGradient,
  { taps, columns, sums, x, e }: Positions,
): void {
  const inputs = new Map<number, Local<'v128'>>();
  const load = (element: number) => {
    const loaded = inputs.get(element) ?? f.let(v128.load(at(x, w.input.address + element * lanes4)));
    inputs.set(element, loaded);
    return loaded;
  };
  for (const [c, list] of columns.entries()) {
    for (let o = 0; o < sums[0]!.length; o++) {
      const error = f.let(v128.load(at(e, w.error.address + (c * w.error.channels + o) * lanes4)));
      for (const [n, { col, channel }] of taps.entries()) {
        const tap = list.find((candidate) => candidate.kernel === col);
        if (tap === undefined) continue;
        const input = load(tap.source * w.input.channels + channel);
        f.set(sums[n]![o]!, w.multiplyAdd(input, error, sums[n]![o]!));
      }
    }
  }
}
