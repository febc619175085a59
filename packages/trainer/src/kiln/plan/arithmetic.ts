import type { ActivationQuantizer, Op, Program, StageName } from '@bitkiln/core';

/** An op's quantizer where the stage uses it: the float stage uses none. */
export function activeQuantizer(op: Op, stage: StageName): ActivationQuantizer | null {
  return stage !== 'float' && 'quantizer' in op ? op.quantizer : null;
}

/** Whether any parameter that the stage trains lies before op `index`, so that its input needs a gradient. */
export function inputNeedsGradient(program: Program, stage: StageName, index: number): boolean {
  return program.ops
    .slice(0, index)
    .some((op) => 'kernel' in op || (op.kind === 'quantize' && stage === 'movingScales'));
}
