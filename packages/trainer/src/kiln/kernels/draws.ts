import { elements, streamConstants } from '@bitkiln/core';
import { dropoutScale, dropoutThreshold } from '../../randomness/layer-draws.ts';
import { at, f32x4, type I32, i32, i32x4, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { type KernelContext, zero } from './context.ts';
import { emitCosTurns, emitLog } from './polynomials.ts';

/** Lane by lane, the bits of core's bitsAt for the stream of one op. */
function emitBits(f: FunctionBuilder, { plan }: KernelContext, op: number, counter: V128): V128 {
  const key = (word: number) => v128.load(at(zero, plan.keys + (op * 2 + word) * 16));
  const round = (x: V128, bits: number, multiplier: number) => {
    const word = f.let(x);
    return i32x4.mul(v128.xor(word, i32x4.shiftRight(word, bits)), i32x4.splatConst(multiplier));
  };
  const first = round(v128.xor(counter, key(0)), 16, streamConstants.a);
  const second = i32x4.add(round(first, 15, streamConstants.b), key(1));
  const third = f.let(round(second, 13, streamConstants.c));
  return v128.xor(third, i32x4.shiftRight(third, 16));
}

/** Draw numbers of element 0 of the four samples from `firstSample` on: sample * elements. */
export function firstDraws(f: FunctionBuilder, context: KernelContext, op: number, firstSample: I32): V128 {
  const count = elements(context.program.ops[op]!.output);
  const samples = i32x4.add(i32x4.splat(firstSample), i32x4.const(0, 1, 2, 3));
  return f.let(i32x4.mul(samples, i32x4.splat(i32.const(count))));
}

/** Dropout's factor for a draw: 0, or 1 / (1 - rate). */
export function emitDropoutFactor(
  f: FunctionBuilder,
  context: KernelContext,
  op: number,
  rate: number,
  draw: V128,
): V128 {
  const upper = i32x4.shiftRight(emitBits(f, context, op, draw), 8);
  const keep = f32x4.greaterOrEqual(f32x4.fromI32(upper), f32x4.const(dropoutThreshold(rate)));
  return v128.and(keep, f32x4.const(dropoutScale(rate)));
}

/** A standard normal draw; see gaussianAt. */
export function emitGaussian(f: FunctionBuilder, context: KernelContext, op: number, draw: V128): V128 {
  const counter = f.let(i32x4.shiftLeft(draw, 1));
  const radiusBits = i32x4.shiftRight(emitBits(f, context, op, counter), 9);
  const u = f32x4.mul(f32x4.add(f32x4.fromI32(radiusBits), f32x4.const(0.5)), f32x4.const(2 ** -23));
  const radius = f.let(f32x4.sqrt(f32x4.mul(emitLog(f, f.let(u)), f32x4.const(-2))));
  const angleBits = i32x4.shiftRight(emitBits(f, context, op, i32x4.add(counter, i32x4.splatConst(1))), 8);
  const angle = f.let(f32x4.mul(f32x4.fromI32(angleBits), f32x4.const(2 ** -24)));
  return f32x4.mul(radius, emitCosTurns(f, angle));
}
