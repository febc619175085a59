import { levelRange } from '@bitkiln/core';
import { at, f32x4, type I32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { activeQuantizer } from '../plan/arithmetic.ts';
import { type KernelContext, zero } from './context.ts';
import { lanes4 } from './correlation.ts';

/** Steps in one unit and units in one step of op's quantizer, from the scale constants. */
export function scaleConstant({ plan }: KernelContext, op: number, which: 0 | 1): V128 {
  return v128.load(at(zero, plan.scales + (op * 2 + which) * lanes4));
}

export function hasRelu(context: KernelContext, op: number): boolean {
  const described = context.program.ops[op]!;
  return 'relu' in described && described.relu;
}

/** The nearest value of the quantizer's grid, in steps, not yet clipped. */
export function rounded(context: KernelContext, op: number, steps: V128): V128 {
  const quantizer = activeQuantizer(context.program.ops[op]!, context.stage)!;
  if (quantizer.rounding === 'floor') return f32x4.floor(steps);
  return levelRange(quantizer).midRise
    ? f32x4.add(f32x4.floor(steps), f32x4.const(0.5))
    : f32x4.nearest(steps);
}

export function clipped(context: KernelContext, op: number, steps: V128): V128 {
  const { lowest, highest } = levelRange(activeQuantizer(context.program.ops[op]!, context.stage)!);
  const above = hasRelu(context, op) ? steps : f32x4.greater(steps, f32x4.const(lowest));
  return f32x4.lesser(above, f32x4.const(highest));
}

/** Stores an op's output: ReLU where it has one, then its quantizer where the stage has them. */
export function emitActivation(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  sum: V128,
  element: I32,
  offset: number,
): void {
  const map = context.plan.maps[op + 1]!;
  const value = hasRelu(context, op) ? f32x4.greater(sum, f32x4.const(0)) : sum;
  if (activeQuantizer(context.program.ops[op]!, context.stage) === null) {
    f.storeVector(at(element, map.value + offset), value);
    return;
  }
  const exact = f.let(value);
  f.storeVector(at(element, map.unquantized + offset), exact);
  const steps = f32x4.mul(exact, scaleConstant(context, op, 0));
  const quantized = f32x4.mul(
    clipped(context, op, rounded(context, op, steps)),
    scaleConstant(context, op, 1),
  );
  f.storeVector(at(element, map.value + offset), quantized);
}
