import { elements, type Op, type Program, type StageName } from '@bitkiln/core';
import { f32x4, type V128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { ModuleBuilder } from '../assembler/module-builder.ts';
import { type KernelContext, plainMultiplyAdd } from '../kernels/context.ts';
import { emitAddDense } from '../kernels/dense-gradient.ts';
import { emitCopy, emitDropout, emitNoise, emitQuantize } from '../kernels/elementwise.ts';
import { emitGather } from '../kernels/gather.ts';
import { emitLoss } from '../kernels/loss.ts';
import { emitSpreadWeights, emitSumLanes } from '../kernels/parameters.ts';
import { emitAveragePool, emitMaxPool } from '../kernels/pooling.ts';
import { emitSpreadSparseWeights, emitSumSparseLanes } from '../kernels/sparse-layout.ts';
import { emitWeightedForward } from '../kernels/weighted.ts';
import type { MemoryPlan } from '../plan/memory-plan.ts';
import { backwardSteps } from './backward-steps.ts';

/**
 * What a module exports:
 * - `train(firstSample, slot)`: gather, forward, loss and backward pass of four samples, the first of which has
 *   place `firstSample` in its batch; what dense gradients need is kept in `slot`, below `denseBlock`;
 * - `addDenseGradients(count)`: adds the dense gradients of the first `count` slots;
 * - `evaluate()`: gather, forward pass without dropout and noise, loss and predictions;
 * - `spreadWeights()`: takes over the effective parameters;
 * - `sumLanes(target)`: adds the lanes of the running gradients and clears them.
 */
export interface KilnExports {
  readonly train: (firstSample: number, slot: number) => void;
  readonly addDenseGradients: (count: number) => void;
  readonly evaluate: () => void;
  readonly spreadWeights: () => void;
  readonly sumLanes: (target: number) => void;
}

/** Calls of a driver function, each with the driver's parameter that it takes, if any. */
type Calls = { readonly index: number; readonly parameter?: number }[];

/** Emits the WebAssembly module that trains one network in one stage. */
export function emitModule(
  program: Program,
  stage: StageName,
  plan: MemoryPlan,
  relaxed: boolean,
): Uint8Array<ArrayBuffer> {
  const multiplyAdd = relaxed
    ? (a: V128, b: V128, sum: V128) => f32x4.relaxedMultiplyAdd(a, b, sum)
    : plainMultiplyAdd;
  const context: KernelContext = { program, stage, plan, multiplyAdd };
  const module = new ModuleBuilder();
  const training: Calls = [];
  const evaluation: Calls = [];
  const define = (name: string, lists: readonly Calls[], body: (f: FunctionBuilder) => void) => {
    const index = module.define(name, 0, body);
    for (const list of lists) list.push({ index });
  };
  define('gather', [training, evaluation], (f) => emitGather(f, context));
  for (const [i, op] of program.ops.entries()) {
    const random = emitRandomForward(context, i, op);
    define(`forward${i}`, random === null ? [training, evaluation] : [evaluation], (f) =>
      emitForward(f, context, i, op),
    );
    if (random === null) continue;
    const index = module.define(`forward${i}InTraining`, 1, random);
    training.push({ index, parameter: 0 });
  }
  define('loss', [training], (f) => emitLoss(f, context, true));
  define('lossAlone', [evaluation], (f) => emitLoss(f, context, false));
  for (const [i, op] of [...program.ops.entries()].reverse()) {
    for (const [name, body] of backwardSteps(context, i, op)) {
      const index = module.define(`${name}${i}`, 1, (f) => body(f, f.parameter(0)));
      training.push({ index, parameter: 1 });
    }
  }
  module.define('train', 2, (f) => {
    for (const { index, parameter } of training) {
      f.call(index, ...(parameter === undefined ? [] : [f.parameter(parameter)]));
    }
  });
  module.define('addDenseGradients', 1, (f) => {
    for (const [i, op] of program.ops.entries()) {
      if (op.kind === 'dense') emitAddDense(f, context, i, f.parameter(0));
    }
  });
  module.define('evaluate', 0, (f) => {
    for (const { index } of evaluation) f.call(index);
  });
  module.define('spreadWeights', 0, (f) => {
    emitSpreadWeights(f, context);
    emitSpreadSparseWeights(f, context);
  });
  module.define('sumLanes', 1, (f) => {
    emitSumLanes(f, context);
    emitSumSparseLanes(f, context);
  });
  return module.encode();
}

function emitForward(f: FunctionBuilder, context: KernelContext, index: number, op: Op): void {
  const { maps } = context.plan;
  if (op.kind === 'average-pool') emitAveragePool(f, context, index, op);
  else if (op.kind === 'max-pool') emitMaxPool(f, context, index, op);
  else if (op.kind === 'quantize') emitQuantize(f, context, index);
  else if (op.kind !== 'dropout') emitWeightedForward(f, context, index);
  else emitCopy(f, elements(op.output), maps[index]!.value, maps[index + 1]!.value);
}

/** The forward pass of ops that do something else in training; null for the others. */
function emitRandomForward(
  context: KernelContext,
  index: number,
  op: Op,
): ((f: FunctionBuilder) => void) | null {
  if (op.kind === 'dropout') return (f) => emitDropout(f, context, index, op, f.parameter(0));
  if (op.kind === 'quantize' && op.stddev > 0) return (f) => emitNoise(f, context, index, op, f.parameter(0));
  return null;
}
