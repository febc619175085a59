import type { AveragePoolOp, MaxPoolOp } from '@bitkiln/core';
import { at, f32x4, i32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { emitActivation } from './activation.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';

/** Byte offsets of a window's elements from its first, row-major. */
function windowOffsets({ pool, input }: AveragePoolOp | MaxPoolOp): number[] {
  return Array.from({ length: pool * pool }, (_, i) => {
    const [row, col] = [Math.floor(i / pool), i % pool];
    return (row * input.cols + col) * input.channels * lanes4;
  });
}

/** Visits every output element; `window` addresses the first element of its window in maps of the input's shape. */
function forEachWindow(
  f: FunctionBuilder,
  { pool, input, output }: AveragePoolOp | MaxPoolOp,
  body: (window: Local<'i32'>, element: Local<'i32'>) => void,
): void {
  const window = f.let(i32.const(0));
  const element = f.let(i32.const(0));
  const pixel = input.channels * lanes4;
  f.repeat(output.rows, () => {
    f.repeat(output.cols, () => {
      f.repeat(output.channels, () => {
        body(window, element);
        f.increase(window, lanes4);
        f.increase(element, lanes4);
      });
      f.increase(window, (pool - 1) * pixel);
    });
    f.increase(window, (pool * input.cols - pool * output.cols) * pixel);
  });
}

export function emitMaxPool(f: FunctionBuilder, context: KernelContext, index: number, op: MaxPoolOp): void {
  const source = context.plan.maps[index]!.value;
  const target = context.plan.maps[index + 1]!.value;
  forEachWindow(f, op, (window, element) => {
    const largest = windowOffsets(op)
      .map((offset): V128 => v128.load(at(window, source + offset)))
      .reduce((a, b) => f32x4.greater(a, b));
    f.storeVector(at(element, target), largest);
  });
}

/** The gradient goes to the first of the largest elements in row-major order, as NumPy's argmax. */
export function emitMaxPoolGradient(
  f: FunctionBuilder,
  context: KernelContext,
  index: number,
  op: MaxPoolOp,
): void {
  const source = context.plan.maps[index]!;
  const target = context.plan.maps[index + 1]!;
  forEachWindow(f, op, (window, element) => {
    const largest = f.let(v128.load(at(element, target.value)));
    const gradient = f.let(v128.load(at(element, target.gradient!)));
    const taken = f.declare('v128');
    for (const [i, offset] of windowOffsets(op).entries()) {
      const equal = f32x4.equal(v128.load(at(window, source.value + offset)), largest);
      const chosen = f.let(i === 0 ? equal : v128.andNot(equal, taken));
      f.storeVector(at(window, source.gradient! + offset), v128.and(gradient, chosen));
      f.set(taken, i === 0 ? chosen : v128.or(taken, chosen));
    }
  });
}

/** The sum of the window in row-major order over its size, then the quantizer. */
export function emitAveragePool(
  f: FunctionBuilder,
  context: KernelContext,
  index: number,
  op: AveragePoolOp,
): void {
  const source = context.plan.maps[index]!.value;
  forEachWindow(f, op, (window, element) => {
    const sum = windowOffsets(op)
      .map((offset): V128 => v128.load(at(window, source + offset)))
      .reduce((a, b) => f32x4.add(a, b));
    emitActivation(f, context, index, f32x4.div(sum, f32x4.const(op.pool ** 2)), element, 0);
  });
}

export function emitAveragePoolGradient(
  f: FunctionBuilder,
  context: KernelContext,
  index: number,
  op: AveragePoolOp,
): void {
  const source = context.plan.maps[index]!.gradient!;
  const target = context.plan.maps[index + 1]!.gradient!;
  forEachWindow(f, op, (window, element) => {
    const share = f.let(f32x4.div(v128.load(at(element, target)), f32x4.const(op.pool ** 2)));
    for (const offset of windowOffsets(op)) f.storeVector(at(window, source + offset), share);
  });
}
