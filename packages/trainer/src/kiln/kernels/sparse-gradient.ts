import type { ConvolutionOp, MaxPoolOp, ParameterSlot } from '@bitkiln/core';
import { elements } from '@bitkiln/core';
import { at, f32x4, type I32, i32, i32x4, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { type SparsePlan, sparseConvolution } from '../plan/sparse-plan.ts';
import { emitByChannel } from './activation-gradient.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';
import { channelTiles } from './tiling.ts';

/** Vectors of a kernel row that are kept in registers at once. */
const vectorsInTile = 6;
const float = 4;
const fourLanes = [0, 1, 2, 3] as const;

interface SparseConvolution {
  readonly index: number;
  readonly op: ConvolutionOp;
  readonly pool: MaxPoolOp;
  readonly sparse: SparsePlan;
  /** Bytes of one input row and column, and of one kernel row, padded. */
  readonly inputRow: number;
  readonly inputCol: number;
  readonly kernelRow: number;
}

function sparseConvolutionAt({ program, plan }: KernelContext, index: number): SparseConvolution | null {
  const sparse = plan.sparse[index] ?? null;
  const found = sparseConvolution(program, index);
  if (sparse === null || found === null) return null;
  const { op, pool } = found;
  const inputCol = sparse.paddedChannels * float;
  const inputRow = op.input.cols * inputCol;
  return { index, op, pool, sparse, inputRow, inputCol, kernelRow: op.kernelCols * inputCol };
}

function required(context: KernelContext, index: number): SparseConvolution {
  const found = sparseConvolutionAt(context, index);
  if (found === null) throw new TypeError(`op ${index} has no sparse gradient`);
  return found;
}

/**
 * Backward pass of max pooling op `poolIndex` and of the ReLU and quantizer before it. In place, the pooled map's
 * gradients become those of each window's first largest element; `picked` gets where its kernel place lies.
 */
export function emitPickedGradient(f: FunctionBuilder, context: KernelContext, poolIndex: number): void {
  const { op, pool, sparse, inputRow, inputCol } = required(context, poolIndex - 1);
  const { maps } = context.plan;
  const source = maps[poolIndex]!;
  const target = maps[poolIndex + 1]!;
  const { channels, cols } = op.output;
  const places = Array.from({ length: pool.pool ** 2 }, (_, i) => {
    const [row, col] = [Math.floor(i / pool.pool), i % pool.pool];
    return {
      element: (row * cols + col) * channels * lanes4,
      input: row * op.strideRows * inputRow + col * op.strideCols * inputCol,
    };
  });
  emitByChannel(f, context, poolIndex - 1, (channelBytes, mask) => {
    const window = f.let(channelBytes);
    const pooled = f.let(channelBytes);
    const inputBase = f.let(i32.const(0));
    f.repeat(pool.output.rows, () => {
      f.repeat(pool.output.cols, () => {
        const largest = f.let(v128.load(at(pooled, target.value)));
        const offset = f.let(i32x4.splatConst(0));
        const exact = f.let(largest);
        for (const place of [...places].reverse()) {
          const chosen = f.let(f32x4.equal(v128.load(at(window, source.value + place.element)), largest));
          f.set(offset, v128.select(i32x4.splatConst(place.input), offset, chosen));
          if (source.unquantized !== source.value) {
            const value = v128.load(at(window, source.unquantized + place.element));
            f.set(exact, v128.select(value, exact, chosen));
          }
        }
        f.storeVector(at(pooled, sparse.picked), i32x4.add(offset, i32x4.splat(inputBase)));
        const gradientPlace = at(pooled, target.gradient!);
        f.storeVector(
          gradientPlace,
          mask(f.let(v128.load(gradientPlace)), () => exact),
        );
        f.increase(window, pool.pool * channels * lanes4);
        f.increase(pooled, channels * lanes4);
        f.increase(inputBase, pool.pool * op.strideCols * inputCol);
      });
      f.increase(window, (pool.pool * cols - pool.output.cols * pool.pool) * channels * lanes4);
      f.increase(
        inputBase,
        pool.pool * op.strideRows * inputRow - pool.output.cols * pool.pool * op.strideCols * inputCol,
      );
    });
  });
}

/** Four vectors as the columns of a matrix: gives its rows. */
function transposed(f: FunctionBuilder, vectors: readonly V128[]): V128[] {
  const [a, b, c, d] = vectors.map((vector): V128 => f.let(vector)) as [V128, V128, V128, V128];
  const [low, high] = [f.let(v128.shuffle(a, b, [0, 4, 1, 5])), f.let(v128.shuffle(a, b, [2, 6, 3, 7]))];
  const [low2, high2] = [f.let(v128.shuffle(c, d, [0, 4, 1, 5])), f.let(v128.shuffle(c, d, [2, 6, 3, 7]))];
  return [
    v128.shuffle(low, low2, [0, 1, 4, 5]),
    v128.shuffle(low, low2, [2, 3, 6, 7]),
    v128.shuffle(high, high2, [0, 1, 4, 5]),
    v128.shuffle(high, high2, [2, 3, 6, 7]),
  ];
}

/** Visits the input's pixels; both cursors address a pixel's channel 0. */
function forEachPixel(
  f: FunctionBuilder,
  { op, inputCol }: SparseConvolution,
  body: (inLanes: Local<'i32'>, bySample: Local<'i32'>) => void,
): void {
  const inLanes = f.let(i32.const(0));
  const bySample = f.let(i32.const(0));
  f.repeat(op.input.rows * op.input.cols, () => {
    body(inLanes, bySample);
    f.increase(inLanes, op.input.channels * lanes4);
    f.increase(bySample, inputCol);
  });
}

/** Lays the input out by sample. */
export function emitTransposedInput(f: FunctionBuilder, context: KernelContext, index: number): void {
  const c = required(context, index);
  const { channels } = c.op.input;
  forEachPixel(f, c, (inLanes, bySample) => {
    for (let channel = 0; channel < channels; channel += 4) {
      const vectors = fourLanes.map((i) =>
        channel + i < channels
          ? v128.load(at(inLanes, context.plan.maps[index]!.value + (channel + i) * lanes4))
          : f32x4.const(0),
      );
      for (const [sample, vector] of transposed(f, vectors).entries()) {
        f.storeVector(at(bySample, c.sparse.input + sample * c.sparse.inputBytes + channel * float), vector);
      }
    }
  });
}

interface RowTile {
  /** Cursor into the running gradients or weights: the tile's first vector. */
  readonly kernel: I32;
  /** Cursor into the input: this sample's kernel row, to which a picked offset is added. */
  readonly input: I32;
  /** Cursor into gradients and picked offsets: this sample's channel in the first window. */
  readonly pooled: I32;
  /** Byte offset of the tile in its kernel row, and its vectors. */
  readonly offset: number;
  readonly vectors: number;
}

/** Visits output channels, kernel rows, samples and tiles of a kernel row. */
function forEachRowTile(
  f: FunctionBuilder,
  { op, sparse, inputRow, kernelRow }: SparseConvolution,
  kernelOfSample: number,
  body: (tile: RowTile) => void,
): void {
  const sample = f.let(i32.const(0));
  const sampleKernel = f.let(i32.const(0));
  const sampleInput = f.let(i32.const(0));
  f.repeat(4, () => {
    const kernel = f.let(sampleKernel);
    const pooled = f.let(sample);
    f.repeat(op.output.channels, () => {
      const input = f.let(sampleInput);
      f.repeat(op.kernelRows, () => {
        for (const tiles of channelTiles(kernelRow / lanes4, vectorsInTile)) {
          for (let t = 0; t < tiles.count; t++) {
            const offset = (tiles.first + t * tiles.width) * lanes4;
            body({ kernel, input, pooled, offset, vectors: tiles.width });
          }
        }
        f.increase(input, inputRow);
        f.increase(kernel, kernelRow);
      });
      f.increase(pooled, lanes4);
    });
    f.increase(sample, float);
    f.increase(sampleKernel, kernelOfSample);
    f.increase(sampleInput, sparse.inputBytes);
  });
}

/** Visits the windows in row-major order with the gradient and the input place of each. */
function forEachWindow(
  f: FunctionBuilder,
  context: KernelContext,
  { index, op, pool, sparse }: SparseConvolution,
  { input, pooled }: RowTile,
  body: (gradient: Local<'v128'>, place: Local<'i32'>) => void,
): void {
  const cursor = f.let(pooled);
  const gradients = context.plan.maps[index + 2]!.gradient!;
  f.repeat(elements(pool.output) / op.output.channels, () => {
    const gradient = f.let(v128.loadSplat(at(cursor, gradients)));
    const place = f.let(i32.add(input, i32.load(at(cursor, sparse.picked))));
    body(gradient, place);
    f.increase(cursor, op.output.channels * lanes4);
  });
}

/** Adds the kernel's gradient, each sample's summed over the windows from 0 on. */
export function emitSparseKernelGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const c = required(context, index);
  forEachRowTile(f, c, c.sparse.kernelBytes, (tile) => {
    const sums = Array.from({ length: tile.vectors }, () => f.let(f32x4.const(0)));
    forEachWindow(f, context, c, tile, (gradient, place) => {
      for (const [v, sum] of sums.entries()) {
        const input = v128.load(at(place, c.sparse.input + tile.offset + v * lanes4));
        f.set(sum, context.multiplyAdd(input, gradient, sum));
      }
    });
    for (const [v, sum] of sums.entries()) {
      const running = at(tile.kernel, c.sparse.gradients + tile.offset + v * lanes4);
      f.storeVector(running, f32x4.add(v128.load(running), sum));
    }
  });
}

/** Gradient to the input: over output channels, then kernel rows, then windows. */
export function emitSparseInputGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const c = required(context, index);
  const target = c.sparse.inputGradient!;
  const cleared = f.let(i32.const(0));
  f.repeat((4 * c.sparse.inputBytes) / lanes4, () => {
    f.storeVector(at(cleared, target), f32x4.const(0));
    f.increase(cleared, lanes4);
  });
  forEachRowTile(f, c, 0, (tile) => {
    const weights = Array.from({ length: tile.vectors }, (_, v) =>
      f.let(v128.load(at(tile.kernel, c.sparse.weights + tile.offset + v * lanes4))),
    );
    forEachWindow(f, context, c, tile, (gradient, place) => {
      for (const [v, weight] of weights.entries()) {
        const sum = at(place, target + tile.offset + v * lanes4);
        f.storeVector(sum, context.multiplyAdd(weight, gradient, v128.load(sum)));
      }
    });
  });
  const { channels } = c.op.input;
  forEachPixel(f, c, (inLanes, bySample) => {
    for (let channel = 0; channel < channels; channel += 4) {
      const vectors = fourLanes.map((sample) =>
        v128.load(at(bySample, target + sample * c.sparse.inputBytes + channel * float)),
      );
      for (const [i, vector] of transposed(f, vectors).entries()) {
        if (channel + i >= channels) continue;
        const place = at(inLanes, context.plan.maps[index]!.gradient! + (channel + i) * lanes4);
        f.storeVector(place, vector);
      }
    }
  });
}

/** Visits a kernel's floats in both layouts: as parameters, and by output channel with padded inputs. */
function forEachWeight(
  f: FunctionBuilder,
  { op, inputCol }: SparseConvolution,
  body: (compact: Local<'i32'>, padded: Local<'i32'>) => void,
): void {
  const { channels } = op.output;
  const places = op.kernelRows * op.kernelCols;
  const padded = f.let(i32.const(0));
  const firstOfChannel = f.let(i32.const(0));
  f.repeat(channels, () => {
    const compact = f.let(firstOfChannel);
    f.repeat(places, () => {
      f.repeat(op.input.channels, () => {
        body(compact, padded);
        f.increase(compact, channels * float);
        f.increase(padded, float);
      });
      f.increase(padded, inputCol - op.input.channels * float);
    });
    f.increase(firstOfChannel, float);
  });
}

/** Lays out the kernels of all sparse convolutions by output channel. */
export function emitSpreadSparseWeights(f: FunctionBuilder, context: KernelContext): void {
  forEachSparse(context, (c, kernel) => {
    forEachWeight(f, c, (compact, padded) => {
      const weight = i32.load(at(compact, context.plan.effective + kernel.offset * float));
      f.storeInteger(at(padded, c.sparse.weights), weight);
    });
  });
}

/** Adds the four samples' running kernel gradients, (0 + 1) + (2 + 3), at their parameters' places; clears them. */
export function emitSumSparseLanes(f: FunctionBuilder, context: KernelContext): void {
  forEachSparse(context, (c, kernel) => {
    const running = (sample: number) => c.sparse.gradients + sample * c.sparse.kernelBytes;
    const cursor = f.let(i32.const(0));
    f.repeat(c.sparse.kernelBytes / lanes4, () => {
      const [a, b, d, e] = fourLanes.map((sample) => v128.load(at(cursor, running(sample)))) as [
        V128,
        V128,
        V128,
        V128,
      ];
      f.storeVector(at(cursor, running(0)), f32x4.add(f32x4.add(a, b), f32x4.add(d, e)));
      f.increase(cursor, lanes4);
    });
    forEachWeight(f, c, (compact, padded) => {
      const place = at(i32.add(compact, f.parameter(0)), kernel.offset * float);
      f.storeInteger(place, i32.load(at(padded, running(0))));
    });
    const cleared = f.let(i32.const(0));
    f.repeat((4 * c.sparse.kernelBytes) / lanes4, () => {
      f.storeVector(at(cleared, running(0)), f32x4.const(0));
      f.increase(cleared, lanes4);
    });
  });
}

function forEachSparse(
  context: KernelContext,
  body: (c: SparseConvolution, kernel: ParameterSlot) => void,
): void {
  for (const index of context.program.ops.keys()) {
    const c = sparseConvolutionAt(context, index);
    if (c !== null) body(c, c.op.kernel);
  }
}
