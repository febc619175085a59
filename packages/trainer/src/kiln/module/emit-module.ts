import { elements, type Op, type Program, type StageName } from '@bitkiln/core';
import { f32x4, type V128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { ModuleBuilder } from '../assembler/module-builder.ts';
import { emitActivationGradient } from '../kernels/activation-gradient.ts';
import { type KernelContext, plainMultiplyAdd } from '../kernels/context.ts';
import { emitAddDense, emitKeepDense } from '../kernels/dense-gradient.ts';
import {
  emitCopy,
  emitDropout,
  emitDropoutGradient,
  emitNoise,
  emitQuantize,
} from '../kernels/elementwise.ts';
import { emitGather } from '../kernels/gather.ts';
import { emitLoss } from '../kernels/loss.ts';
import { emitSpreadWeights, emitSumLanes } from '../kernels/parameters.ts';
import {
  emitAveragePool,
  emitAveragePoolGradient,
  emitMaxPool,
  emitMaxPoolGradient,
} from '../kernels/pooling.ts';
import {
  emitPickedGradient,
  emitSparseInputGradient,
  emitSparseKernelGradient,
  emitSpreadSparseWeights,
  emitSumSparseLanes,
  emitTransposedInput,
} from '../kernels/sparse-gradient.ts';
import { emitInputGradient, emitKernelGradient, emitWeightedForward } from '../kernels/weighted.ts';
import { inputNeedsGradient } from '../plan/arithmetic.ts';
import type { MemoryPlan } from '../plan/memory-plan.ts';

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
    for (const [name, body] of backwardSteps(context, i, op)) define(`${name}${i}`, [training], body);
    if (op.kind !== 'dense') continue;
    const index = module.define(`keepDense${i}`, 1, (f) => emitKeepDense(f, context, i, f.parameter(0)));
    training.push({ index, parameter: 1 });
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

function backwardSteps(
  context: KernelContext,
  index: number,
  op: Op,
): [string, (f: FunctionBuilder) => void][] {
  const { program, stage, plan } = context;
  const toInput = inputNeedsGradient(program, stage, index);
  if (!inputNeedsGradient(program, stage, index + 1)) return [];
  const activation = (f: FunctionBuilder) => emitActivationGradient(f, context, index);
  switch (op.kind) {
    case 'average-pool':
      return [
        ['activationGradient', activation],
        ['poolGradient', (f) => emitAveragePoolGradient(f, context, index, op)],
      ];
    case 'max-pool':
      if (index > 0 && plan.sparse[index - 1] !== null) {
        return [['pickedGradient', (f) => emitPickedGradient(f, context, index)]];
      }
      return [['poolGradient', (f) => emitMaxPoolGradient(f, context, index, op)]];
    case 'dropout':
      return [['dropoutGradient', (f) => emitDropoutGradient(f, context, index)]];
    case 'quantize': {
      const [from, to] = [plan.maps[index + 1]!.gradient!, plan.maps[index]!.gradient];
      const copy = (f: FunctionBuilder) => emitCopy(f, elements(op.output), from, to!);
      return [
        ['activationGradient', activation],
        ...(toInput ? [['quantizeGradient', copy] as [string, typeof copy]] : []),
      ];
    }
    default:
      if (plan.sparse[index] !== null) {
        return [
          ['transposedInput', (f) => emitTransposedInput(f, context, index)],
          ['sparseKernelGradient', (f) => emitSparseKernelGradient(f, context, index)],
          ...(toInput
            ? [
                ['sparseInputGradient', (f) => emitSparseInputGradient(f, context, index)] as [
                  string,
                  typeof activation,
                ],
              ]
            : []),
        ];
      }
      return [
        ['activationGradient', activation],
        ...(op.kind === 'dense'
          ? []
          : [
              ['kernelGradient', (f) => emitKernelGradient(f, context, index)] as [string, typeof activation],
            ]),
        ...(toInput
          ? [['inputGradient', (f) => emitInputGradient(f, context, index)] as [string, typeof activation]]
          : []),
      ];
  }
}
