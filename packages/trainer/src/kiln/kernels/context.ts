import type { Program, StageName } from '@bitkiln/core';
import { f32x4, type I32, i32, type V128 } from '../assembler/expression.ts';
import type { MemoryPlan } from '../plan/memory-plan.ts';

/** What every kernel needs to know of the module that it is emitted into. */
export interface KernelContext {
  readonly program: Program;
  readonly stage: StageName;
  readonly plan: MemoryPlan;
  /** a b + sum: product and sum rounded separately, or as the hardware likes in relaxed modules. */
  readonly multiplyAdd: (a: V128, b: V128, sum: V128) => V128;
}

/** Address 0, for places that a constant offset gives whole. */
export const zero: I32 = i32.const(0);

export function plainMultiplyAdd(a: V128, b: V128, sum: V128): V128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}
