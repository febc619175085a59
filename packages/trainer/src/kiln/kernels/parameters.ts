import { at, f32x4, i32, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';

/** Copies each effective parameter into all lanes of the weight table. */
export function emitSpreadWeights(f: FunctionBuilder, { program, plan }: KernelContext): void {
  const from = f.let(i32.const(plan.effective));
  const to = f.let(i32.const(plan.weights));
  f.repeat(Math.ceil(program.parameterCount / 4), () => {
    const four = f.let(v128.load(at(from)));
    for (const i of [0, 1, 2, 3]) f.storeVector(at(to, i * lanes4), v128.shuffle(four, four, [i, i, i, i]));
    f.increase(from, lanes4);
    f.increase(to, 4 * lanes4);
  });
}

/**
 * Adds the four lanes of each running gradient, (0 + 1) + (2 + 3), into the compact array at the parameter's
 * address, and clears the running gradients.
 */
export function emitSumLanes(f: FunctionBuilder, { program, plan }: KernelContext): void {
  const from = f.let(i32.const(plan.gradients));
  const to = f.let(f.parameter(0));
  f.repeat(Math.ceil(program.parameterCount / 4), () => {
    const pairs = [0, 2].map((i) => {
      const a = f.let(v128.load(at(from, i * lanes4)));
      const b = f.let(v128.load(at(from, (i + 1) * lanes4)));
      return f.let(f32x4.add(v128.shuffle(a, b, [0, 2, 4, 6]), v128.shuffle(a, b, [1, 3, 5, 7])));
    });
    const [ab, cd] = [pairs[0]!, pairs[1]!];
    f.storeVector(at(to), f32x4.add(v128.shuffle(ab, cd, [0, 2, 4, 6]), v128.shuffle(ab, cd, [1, 3, 5, 7])));
    for (const i of [0, 1, 2, 3]) f.storeVector(at(from, i * lanes4), f32x4.const(0));
    f.increase(from, 4 * lanes4);
    f.increase(to, lanes4);
  });
}
