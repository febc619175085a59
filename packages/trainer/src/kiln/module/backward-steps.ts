import { elements, type Op } from '@bitkiln/core';
import type { I32 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { emitActivationGradient } from '../kernels/activation-gradient.ts';
import type { KernelContext } from '../kernels/context.ts';
import { emitKeepDense } from '../kernels/dense-gradient.ts';
import { emitCopy, emitDropoutGradient } from '../kernels/elementwise.ts';
import { emitPickedGradient } from '../kernels/picked-gradient.ts';
import { emitAveragePoolGradient, emitMaxPoolGradient } from '../kernels/pooling.ts';
import { emitSparseInputGradient, emitSparseKernelGradient } from '../kernels/sparse-gradient.ts';
import { emitTransposedInput, emitUntransposedGradient } from '../kernels/sparse-layout.ts';
import { emitInputGradient, emitKernelGradient } from '../kernels/weighted.ts';
import { inputNeedsGradient } from '../plan/arithmetic.ts';

/** A named kernel of the backward pass; `slot` is where it keeps what dense gradients need. */
type Step = readonly [name: string, body: (f: FunctionBuilder, slot: I32) => void];

/** The backward pass of one op, in order: none where nothing up to the op trains. */
export function backwardSteps(context: KernelContext, index: number, op: Op): Step[] {
  const { program, stage, plan } = context;
  if (!inputNeedsGradient(program, stage, index + 1)) return [];
  const activation: Step = ['activationGradient', (f) => emitActivationGradient(f, context, index)];
  const toInput = (...steps: Step[]) => (inputNeedsGradient(program, stage, index) ? steps : []);
  switch (op.kind) {
    case 'average-pool':
      return [activation, ['poolGradient', (f) => emitAveragePoolGradient(f, context, index, op)]];
    case 'max-pool':
      return index > 0 && plan.sparse[index - 1] !== null
        ? [['pickedGradient', (f) => emitPickedGradient(f, context, index)]]
        : [['poolGradient', (f) => emitMaxPoolGradient(f, context, index, op)]];
    case 'dropout':
      return [['dropoutGradient', (f) => emitDropoutGradient(f, context, index)]];
    case 'quantize': {
      const [from, to] = [plan.maps[index + 1]!.gradient!, plan.maps[index]!.gradient];
      return [
        activation,
        ...toInput(['quantizeGradient', (f) => emitCopy(f, elements(op.output), from, to!)]),
      ];
    }
    case 'dense':
      return [
        activation,
        ['keepDense', (f, slot) => emitKeepDense(f, context, index, slot)],
        ...toInput(['inputGradient', (f) => emitInputGradient(f, context, index)]),
      ];
    default:
      return plan.sparse[index] === null
        ? [
            activation,
            ['kernelGradient', (f) => emitKernelGradient(f, context, index)],
            ...toInput(['inputGradient', (f) => emitInputGradient(f, context, index)]),
          ]
        : [
            ['transposedInput', (f) => emitTransposedInput(f, context, index)],
            ['sparseKernelGradient', (f) => emitSparseKernelGradient(f, context, index)],
            ...toInput(
              ['sparseInputGradient', (f) => emitSparseInputGradient(f, context, index)],
              ['untransposedGradient', (f) => emitUntransposedGradient(f, context, index)],
            ),
          ];
  }
}
