import { elements } from '@bitkiln/core';
import { at, f32x4, type I32, i32, i32x4, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder, Local } from '../assembler/function-builder.ts';
import { type KernelContext, zero } from './context.ts';
import { lanes4 } from './correlation.ts';
import { emitExp, emitLog } from './polynomials.ts';

/** Probabilities are clipped to this and its complement in the loss. */
const smallestProbability = 1e-7;

/** Visits the classes in order; `label` is the mask of the lanes whose label the class is. */
function forEachClass(
  f: FunctionBuilder,
  context: KernelContext,
  body: (element: I32, label: Local<'v128'>, index: Local<'v128'>) => void,
): void {
  const element = f.let(i32.const(0));
  const index = f.let(i32x4.splatConst(0));
  const labels = f.let(v128.load(at(zero, context.plan.labels)));
  f.repeat(elements(context.program.output), () => {
    body(element, f.let(i32x4.equal(labels, index)), index);
    f.increase(element, lanes4);
    f.set(index, i32x4.add(index, i32x4.splatConst(1)));
  });
}

/**
 * Softmax cross-entropy of the logits. Stores each lane's loss and predicted class (the first of the largest
 * logits), and in training the gradient to the logits: (p - [label]) times the sample's weight, 0 where the
 * label's probability was clipped. Sums over classes run in class order.
 */
export function emitLoss(f: FunctionBuilder, context: KernelContext, training: boolean): void {
  const { plan, program } = context;
  const logits = plan.maps[program.ops.length]!.value;
  const gradient = plan.maps[program.ops.length]!.gradient;
  const largest = f.let(f32x4.const(Number.NEGATIVE_INFINITY));
  const prediction = f.let(i32x4.splatConst(0));
  forEachClass(f, context, (element, _label, index) => {
    const logit = f.let(v128.load(at(element, logits)));
    f.set(prediction, v128.select(index, prediction, f32x4.greaterThan(logit, largest)));
    f.set(largest, f32x4.greater(largest, logit));
  });
  const total = f.let(f32x4.const(0));
  const atLabel = f.let(f32x4.const(0));
  forEachClass(f, context, (element, label) => {
    const shifted = f.let(f32x4.sub(v128.load(at(element, logits)), largest));
    const power = f.let(emitExp(f, shifted));
    if (training) f.storeVector(at(element, gradient!), power);
    f.set(total, f32x4.add(total, power));
    f.set(atLabel, v128.or(atLabel, v128.and(power, label)));
  });
  const probability = f.let(f32x4.div(atLabel, total));
  const lowest = f32x4.const(smallestProbability);
  const highest = f32x4.const(1 - smallestProbability);
  const clipped = f.let(f32x4.lesser(f32x4.greater(probability, lowest), highest));
  f.storeVector(at(zero, plan.losses), f32x4.sub(f32x4.const(0), emitLog(f, clipped)));
  f.storeVector(at(zero, plan.predictions), prediction);
  if (!training) return;
  const unclipped = f32x4.equal(clipped, probability);
  const weight = f.let(v128.and(v128.load(at(zero, plan.sampleWeights)), unclipped));
  forEachClass(f, context, (element, label) => {
    const place = at(element, gradient!);
    const p = f32x4.div(v128.load(place), total);
    const difference = f32x4.sub(p, v128.and(label, f32x4.const(1)));
    f.storeVector(place, f32x4.mul(difference, weight));
  });
}
