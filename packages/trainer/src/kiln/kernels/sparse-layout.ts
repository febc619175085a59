import type { ParameterSlot } from '@bitkiln/core';
import { at, f32x4, i32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';
import {
  requireSparse,
  type SparseConvolution,
  singleFloat,
  sparseConvolutionAt,
} from './sparse-convolution.ts';

const fourLanes = [0, 1, 2, 3] as const;

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
  const c = requireSparse(context, index);
  const { channels } = c.op.input;
  forEachPixel(f, c, (inLanes, bySample) => {
    for (let channel = 0; channel < channels; channel += 4) {
      const vectors = fourLanes.map((i) =>
        channel + i < channels
          ? v128.load(at(inLanes, context.plan.maps[index]!.value + (channel + i) * lanes4))
          : f32x4.const(0),
      );
      for (const [sample, vector] of transposed(f, vectors).entries()) {
        f.storeVector(
          at(bySample, c.sparse.input + sample * c.sparse.inputBytes + channel * singleFloat),
          vector,
        );
      }
    }
  });
}

/** Brings the gradient to the input from its layout by sample back into lanes. */
export function emitUntransposedGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const c = requireSparse(context, index);
  const source = c.sparse.inputGradient!;
  const { channels } = c.op.input;
  forEachPixel(f, c, (inLanes, bySample) => {
    for (let channel = 0; channel < channels; channel += 4) {
      const vectors = fourLanes.map((sample) =>
        v128.load(at(bySample, source + sample * c.sparse.inputBytes + channel * singleFloat)),
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
        f.increase(compact, channels * singleFloat);
        f.increase(padded, singleFloat);
      });
      f.increase(padded, inputCol - op.input.channels * singleFloat);
    });
    f.increase(firstOfChannel, singleFloat);
  });
}

/** Lays out the kernels of all sparse convolutions by output channel. */
export function emitSpreadSparseWeights(f: FunctionBuilder, context: KernelContext): void {
  forEachSparse(context, (c, kernel) => {
    forEachWeight(f, c, (compact, padded) => {
      const weight = i32.load(at(compact, context.plan.effective + kernel.offset * singleFloat));
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
      const place = at(i32.add(compact, f.parameter(0)), kernel.offset * singleFloat);
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
