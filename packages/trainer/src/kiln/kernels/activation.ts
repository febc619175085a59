import { elements, levelRange } from '@bitkiln/core';
import { at, f32x4, type I32, i32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { activeQuantizer } from '../plan/arithmetic.ts';
import { type KernelContext, zero } from './context.ts';
import { lanes4 } from './correlation.ts';

/** Steps in one unit and units in one step of op's quantizer, from the scale constants. */
function scaleConstant({ plan }: KernelContext, op: number, which: 0 | 1): V128 {
  return v128.load(at(zero, plan.scales + (op * 2 + which) * lanes4));
}

function hasRelu(context: KernelContext, op: number): boolean {
  const described = context.program.ops[op]!;
  return 'relu' in described && described.relu;
}

/** The nearest value of the quantizer's grid, in steps, not yet clipped. */
function rounded(context: KernelContext, op: number, steps: V128): V128 {
  const quantizer = activeQuantizer(context.program.ops[op]!, context.stage)!;
  if (quantizer.rounding === 'floor') return f32x4.floor(steps);
  return levelRange(quantizer).midRise
    ? f32x4.add(f32x4.floor(steps), f32x4.const(0.5))
    : f32x4.nearest(steps);
}

function clipped(context: KernelContext, op: number, steps: V128): V128 {
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

/**
 * Turns the gradient to an op's output, in place, into the gradient to what went into its ReLU and quantizer.
 * Adds the gradients of its bias and of its activation threshold (up to the factor ln 2 * scale / steps): each
 * channel is summed over positions in row-major order, and the threshold's over channels in order.
 */
export function emitActivationGradient(f: FunctionBuilder, context: KernelContext, op: number): void {
  const { program, stage, plan } = context;
  const described = program.ops[op]!;
  const { channels } = described.output;
  const quantizer = activeQuantizer(described, stage);
  const threshold = stage === 'movingScales' ? (quantizer?.threshold ?? null) : null;
  const bias = 'bias' in described ? described.bias : null;
  const thresholdSum = threshold === null ? null : f.let(f32x4.const(0));
  const channelBytes = f.let(i32.const(0));
  f.repeat(channels, () => {
    const element = f.let(channelBytes);
    const biasSum = bias === null ? null : f.let(f32x4.const(0));
    const errorSum = threshold === null ? null : f.let(f32x4.const(0));
    f.repeat(elements(described.output) / channels, () => {
      const gradient = emitMaskedGradient(f, context, op, element, errorSum);
      if (biasSum !== null) f.set(biasSum, f32x4.add(biasSum, gradient));
      f.increase(element, channels * lanes4);
    });
    if (bias !== null && biasSum !== null) {
      const place = at(channelBytes, plan.gradients + bias.offset * lanes4);
      f.storeVector(place, f32x4.add(v128.load(place), biasSum));
    }
    if (thresholdSum !== null && errorSum !== null) f.set(thresholdSum, f32x4.add(thresholdSum, errorSum));
    f.increase(channelBytes, lanes4);
  });
  if (threshold !== null && thresholdSum !== null) {
    const place = at(zero, plan.gradients + threshold.offset * lanes4);
    f.storeVector(place, f32x4.add(v128.load(place), thresholdSum));
  }
}

/** One element: masks its gradient, and adds gradient * (clip(r) - [r in range] s) to `errorSum`. */
function emitMaskedGradient(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  element: I32,
  errorSum: Local<'v128'> | null,
): V128 {
  const map = context.plan.maps[op + 1]!;
  const gradientPlace = at(element, map.gradient!);
  const gradient = f.let(v128.load(gradientPlace));
  const quantizer = activeQuantizer(context.program.ops[op]!, context.stage);
  if (quantizer === null && !hasRelu(context, op)) return gradient;
  const exact = f.let(v128.load(at(element, map.unquantized)));
  let masked: V128 = gradient;
  if (quantizer !== null) {
    const { lowest, highest } = levelRange(quantizer);
    const steps = f.let(f32x4.mul(exact, scaleConstant(context, op, 0)));
    const nearest = f.let(rounded(context, op, steps));
    const below = f32x4.lessOrEqual(nearest, f32x4.const(highest));
    const inRange = f.let(
      hasRelu(context, op) ? below : v128.and(below, f32x4.greaterOrEqual(nearest, f32x4.const(lowest))),
    );
    masked = v128.and(masked, inRange);
    if (errorSum !== null) {
      const error = f32x4.sub(clipped(context, op, nearest), v128.and(steps, inRange));
      f.set(errorSum, f32x4.add(errorSum, f32x4.mul(gradient, error)));
    }
  }
  if (hasRelu(context, op)) masked = v128.and(masked, f32x4.greaterThan(exact, f32x4.const(0)));
  const result = f.let(masked);
  f.storeVector(gradientPlace, result);
  return result;
}
