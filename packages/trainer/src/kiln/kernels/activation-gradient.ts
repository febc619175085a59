import { type ActivationQuantizer, elements, levelRange, type ParameterSlot } from '@bitkiln/core';
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
 * Visits the channels of op's output in order, up to `atOnce` neighbours together: sums that don't wait for each other
 * keep the adder busy. `visit` runs over the positions; the gradients that each channel's mask masks add up, in its
 * order, to the gradients of the channel's bias and of the op's activation threshold. The threshold's, over channels in
 * order, lacks the factor ln 2 * scale / steps.
 */
export function emitByChannel(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  atOnce: number,
  visit: (channelBytes: Local<'i32'>, masks: readonly Mask[]) => void,
): void {
  const { program, stage, plan } = context;
  const described = program.ops[op]!;
  const quantizer = activeQuantizer(described, stage);
  const threshold = stage === 'movingScales' ? (quantizer?.threshold ?? null) : null;
  const bias = 'bias' in described ? described.bias : null;
  const accumulate = (slot: ParameterSlot, offset: I32, index: number, sum: V128) => {
    const place = at(offset, plan.gradients + (slot.offset + index) * lanes4);
    f.storeVector(place, f32x4.add(v128.load(place), sum));
  };
  const toSteps = quantizer === null ? null : f.let(scaleConstant(context, op, 0));
  const thresholdSum = threshold === null ? null : f.let(f32x4.const(0));
  const channelBytes = f.let(i32.const(0));
  const visitBlock = (width: number) => {
    const channels = Array.from({ length: width }, () => ({
      biasSum: bias === null ? null : f.let(f32x4.const(0)),
      errorSum: threshold === null ? null : f.let(f32x4.const(0)),
    }));
    const masks = channels.map(
      ({ biasSum, errorSum }): Mask =>
        (gradient, exact) => {
          const masked = emitMask(f, context, op, gradient, exact, toSteps, errorSum);
          if (biasSum !== null) f.set(biasSum, f32x4.add(biasSum, masked));
          return masked;
        },
    );
    visit(channelBytes, masks);
    for (const [index, { biasSum, errorSum }] of channels.entries()) {
      if (bias !== null && biasSum !== null) accumulate(bias, channelBytes, index, biasSum);
      if (thresholdSum !== null && errorSum !== null) f.set(thresholdSum, f32x4.add(thresholdSum, errorSum));
    }
    f.increase(channelBytes, width * lanes4);
  };
  const { channels } = described.output;
  f.repeat(Math.floor(channels / atOnce), () => visitBlock(atOnce));
  if (channels % atOnce > 0) visitBlock(channels % atOnce);
  if (threshold !== null && thresholdSum !== null) accumulate(threshold, zero, 0, thresholdSum);
}

/** Masks the gradient to an op's output in place, each channel's positions in row-major order. */
export function emitActivationGradient(f: FunctionBuilder, context: KernelContext, op: number): void {
  const { output } = context.program.ops[op]!;
  const map = context.plan.maps[op + 1]!;
  emitByChannel(f, context, op, 4, (channelBytes, masks) => {
    const element = f.let(channelBytes);
    f.repeat(elements(output) / output.channels, () => {
      for (const [channel, mask] of masks.entries()) {
        const place = at(element, map.gradient! + channel * lanes4);
        const exact = () => v128.load(at(element, map.unquantized + channel * lanes4));
        f.storeVector(place, mask(f.let(v128.load(place)), exact));
      }
      f.increase(element, output.channels * lanes4);
    });
  });
}

/** Adds gradient * (clip(r) - [r in range] s) to `errorSum`, where there is one; `toSteps` is the quantizer's. */
function emitMask(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  gradient: Local<'v128'>,
  exact: () => V128,
  toSteps: V128 | null,
  errorSum: Local<'v128'> | null,
): Local<'v128'> {
  const quantizer = activeQuantizer(context.program.ops[op]!, context.stage);
  const relu = hasRelu(context, op);
  if (quantizer === null && !relu) return gradient;
  const x = f.let(exact());
  let masked: V128 = gradient;
  if (quantizer !== null && toSteps !== null) {
    const steps = f.let(f32x4.mul(x, toSteps));
    const inRange = f.let(inLevelRange(quantizer, steps, relu));
    masked = v128.and(masked, inRange);
    if (errorSum !== null) {
      const level = clipped(context, op, rounded(context, op, steps));
      const error = f32x4.sub(level, v128.and(steps, inRange));
      f.set(errorSum, f32x4.add(errorSum, f32x4.mul(gradient, error)));
    }
  }
  return f.let(relu ? v128.and(masked, f32x4.greaterThan(x, f32x4.const(0))) : masked);
}

/**
 * Whether the level that `steps` round to is one of the quantizer's, found without rounding: a tie half a step above
 * the highest goes to the even level after it, one half a step below the lowest to the lowest, which is even.
 */
function inLevelRange(quantizer: ActivationQuantizer, steps: V128, relu: boolean): V128 {
  const { lowest, highest } = levelRange(quantizer);
  const [under, over] = quantizer.rounding === 'floor' ? [0, 1] : [0.5, 0.5];
  const below = f32x4.lessThan(steps, f32x4.const(highest + over));
  return relu ? below : v128.and(below, f32x4.greaterOrEqual(steps, f32x4.const(lowest - under)));
}
