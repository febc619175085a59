import { elements, levelRange, type ParameterSlot } from '@bitkiln/core';
import { at, f32x4, type I32, i32, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { activeQuantizer } from '../plan/arithmetic.ts';
import { clipped, hasRelu, rounded, scaleConstant } from './activation.ts';
import { type KernelContext, zero } from './context.ts';
import { lanes4 } from './correlation.ts';

/**
 * Takes a gradient to an op's output and what went into its quantizer there; gives the gradient to what went
 * into its ReLU and quantizer, and adds both to the sums of the channel at hand.
 */
export type Mask = (gradient: Local<'v128'>, exact: () => V128) => Local<'v128'>;

/**
 * Visits the channels of op's output in order. `visit` runs over a channel's positions; the gradients that it
 * masks add up, in its order, to the gradients of the channel's bias and of the op's activation threshold. The
 * threshold's, over channels in order, lacks the factor ln 2 * scale / steps.
 */
export function emitByChannel(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  visit: (channelBytes: Local<'i32'>, mask: Mask) => void,
): void {
  const { program, stage, plan } = context;
  const described = program.ops[op]!;
  const threshold = stage === 'movingScales' ? (activeQuantizer(described, stage)?.threshold ?? null) : null;
  const bias = 'bias' in described ? described.bias : null;
  const accumulate = (slot: ParameterSlot, offset: I32, sum: V128) => {
    const place = at(offset, plan.gradients + slot.offset * lanes4);
    f.storeVector(place, f32x4.add(v128.load(place), sum));
  };
  const thresholdSum = threshold === null ? null : f.let(f32x4.const(0));
  const channelBytes = f.let(i32.const(0));
  f.repeat(described.output.channels, () => {
    const biasSum = bias === null ? null : f.let(f32x4.const(0));
    const errorSum = threshold === null ? null : f.let(f32x4.const(0));
    visit(channelBytes, (gradient, exact) => {
      const masked = emitMask(f, context, op, gradient, exact, errorSum);
      if (biasSum !== null) f.set(biasSum, f32x4.add(biasSum, masked));
      return masked;
    });
    if (bias !== null && biasSum !== null) accumulate(bias, channelBytes, biasSum);
    if (thresholdSum !== null && errorSum !== null) f.set(thresholdSum, f32x4.add(thresholdSum, errorSum));
    f.increase(channelBytes, lanes4);
  });
  if (threshold !== null && thresholdSum !== null) accumulate(threshold, zero, thresholdSum);
}

/** Masks the gradient to an op's output in place, each channel's positions in row-major order. */
export function emitActivationGradient(f: FunctionBuilder, context: KernelContext, op: number): void {
  const { output } = context.program.ops[op]!;
  const map = context.plan.maps[op + 1]!;
  emitByChannel(f, context, op, (channelBytes, mask) => {
    const element = f.let(channelBytes);
    f.repeat(elements(output) / output.channels, () => {
      const place = at(element, map.gradient!);
      const masked = mask(f.let(v128.load(place)), () => v128.load(at(element, map.unquantized)));
      f.storeVector(place, masked);
      f.increase(element, output.channels * lanes4);
    });
  });
}

/** Adds gradient * (clip(r) - [r in range] s) to `errorSum`, where there is one. */
function emitMask(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  gradient: Local<'v128'>,
  exact: () => V128,
  errorSum: Local<'v128'> | null,
): Local<'v128'> {
  const quantizer = activeQuantizer(context.program.ops[op]!, context.stage);
  const relu = hasRelu(context, op);
  if (quantizer === null && !relu) return gradient;
  const x = f.let(exact());
  let masked: V128 = gradient;
  if (quantizer !== null) {
    const { lowest, highest } = levelRange(quantizer);
    const steps = f.let(f32x4.mul(x, scaleConstant(context, op, 0)));
    const nearest = f.let(rounded(context, op, steps));
    const below = f32x4.lessOrEqual(nearest, f32x4.const(highest));
    const inRange = f.let(relu ? below : v128.and(below, f32x4.greaterOrEqual(nearest, f32x4.const(lowest))));
    masked = v128.and(masked, inRange);
    if (errorSum !== null) {
      const error = f32x4.sub(clipped(context, op, nearest), v128.and(steps, inRange));
      f.set(errorSum, f32x4.add(errorSum, f32x4.mul(gradient, error)));
    }
  }
  return f.let(relu ? v128.and(masked, f32x4.greaterThan(x, f32x4.const(0))) : masked);
}
