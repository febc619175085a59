import { elements } from '@bitkiln/core';
import { at, f32x4, type I32, i32, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';
import { requireSparse, type SparseConvolution, singleFloat } from './sparse-convolution.ts';
import { channelTiles } from './tiling.ts';

/** Vectors of a kernel row that are kept in registers at once. */
const vectorsInTile = 6;

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
    f.increase(sample, singleFloat);
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
  const c = requireSparse(context, index);
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

/** Gradient to the input, by sample: over output channels, then kernel rows, then windows. */
export function emitSparseInputGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const c = requireSparse(context, index);
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
}
