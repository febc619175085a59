import { type DropoutOp, elements, type QuantizeOp } from '@bitkiln/core';
import { at, f32x4, type I32, i32, i32x4, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { emitActivation } from './activation.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';
import { emitDropoutFactor, emitGaussian, firstDraws } from './draws.ts';

function forEachElement(f: FunctionBuilder, count: number, body: (element: Local<'i32'>) => void): void {
  const element = f.let(i32.const(0));
  f.repeat(count, () => {
    body(element);
    f.increase(element, lanes4);
  });
}

/** Visits every element of op `index`'s output with the numbers of its draws in the four samples. */
function forEachDraw(
  f: FunctionBuilder,
  context: KernelContext,
  index: number,
  firstSample: I32,
  body: (element: Local<'i32'>, draw: Local<'v128'>) => void,
): void {
  const draw = f.let(firstDraws(f, context, index, firstSample));
  forEachElement(f, elements(context.program.ops[index]!.output), (element) => {
    body(element, draw);
    f.set(draw, i32x4.add(draw, i32x4.splatConst(1)));
  });
}

/** Dropout in training: draws the factors of the samples from `firstSample` on, and keeps them. */
export function emitDropout(
  f: FunctionBuilder,
  context: KernelContext,
  index: number,
  op: DropoutOp,
  firstSample: I32,
): void {
  const { maps, factors } = context.plan;
  forEachDraw(f, context, index, firstSample, (element, draw) => {
    const factor = f.let(emitDropoutFactor(f, context, index, op.rate, draw));
    f.storeVector(at(element, factors[index]!), factor);
    const value = v128.load(at(element, maps[index]!.value));
    f.storeVector(at(element, maps[index + 1]!.value), f32x4.mul(value, factor));
  });
}

export function emitDropoutGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const { maps, factors } = context.plan;
  forEachElement(f, elements(context.program.ops[index]!.output), (element) => {
    const gradient = v128.load(at(element, maps[index + 1]!.gradient!));
    const factor = v128.load(at(element, factors[index]!));
    f.storeVector(at(element, maps[index]!.gradient!), f32x4.mul(gradient, factor));
  });
}

/** A copy of a map's values, or of its gradient. */
export function emitCopy(f: FunctionBuilder, count: number, from: number, to: number): void {
  forEachElement(f, count, (element) => {
    f.storeVector(at(element, to), v128.load(at(element, from)));
  });
}

/** N in training: adds noise to the samples from `firstSample` on, then quantizes. */
export function emitNoise(
  f: FunctionBuilder,
  context: KernelContext,
  index: number,
  op: QuantizeOp,
  firstSample: I32,
): void {
  forEachDraw(f, context, index, firstSample, (element, draw) => {
    const noise = f32x4.mul(emitGaussian(f, context, index, draw), f32x4.const(op.stddev));
    const value = f32x4.add(v128.load(at(element, context.plan.maps[index]!.value)), noise);
    emitActivation(f, context, index, f.let(value), element, 0);
  });
}

/** Q, and N outside training. */
export function emitQuantize(f: FunctionBuilder, context: KernelContext, index: number): void {
  forEachElement(f, elements(context.program.ops[index]!.output), (element) => {
    const value: V128 = v128.load(at(element, context.plan.maps[index]!.value));
    emitActivation(f, context, index, value, element, 0);
  });
}
