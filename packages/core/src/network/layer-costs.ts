import type { Op, Program } from './program.ts';
import { elements, type Shape } from './shape.ts';

export interface LayerCosts {
  readonly input: Shape;
  readonly output: Shape;
  /** Weights and biases. */
  readonly parameters: number;
  /** Learned log2 thresholds. */
  readonly thresholds: number;
  /** Multiply-accumulates an image; taps on R's zero padding count. */
  readonly macs: number;
}

/** What each layer costs, in the order of `program.layers`. */
export function layerCosts(program: Program): LayerCosts[] {
  return program.layers.map((_, layer) => {
    const ops = program.ops.filter((op) => op.layer === layer);
    const slots = program.slots.filter((slot) => slot.layer === layer);
    const isWeights = (kind: string): boolean => kind === 'kernel' || kind === 'bias';
    const count = (weights: boolean): number =>
      slots.filter(({ kind }) => isWeights(kind) === weights).reduce((sum, { length }) => sum + length, 0);
    return {
      input: ops[0]!.input,
      output: ops.at(-1)!.output,
      parameters: count(true),
      thresholds: count(false),
      macs: ops.reduce((sum, op) => sum + opMacs(op), 0),
    };
  });
}

/** Multiply-accumulates of one op on one image. */
export function opMacs(op: Op): number {
  switch (op.kind) {
    case 'convolution':
      return elements(op.output) * op.kernelRows * op.kernelCols * op.input.channels;
    case 'depthwise':
      return elements(op.output) * op.kernelRows * op.kernelCols;
    case 'dense':
      return elements(op.input) * elements(op.output);
    default:
      return 0;
  }
}
