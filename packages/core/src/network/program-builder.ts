import type { WeightedBits } from './layer.ts';
import type { Op, ParameterKind, ParameterSlot } from './program.ts';

/** The slots and bits of one weighted op. */
export type Weights = Pick<
  Extract<Op, { kind: 'dense' }>,
  'kernel' | 'bias' | 'weightBits' | 'biasBits' | 'weightThreshold' | 'biasThreshold'
> & { readonly activationThreshold: ParameterSlot };

/** Collects a program's ops and lays out its parameter slots in file order. */
export class ProgramBuilder {
  readonly ops: Op[] = [];
  readonly slots: ParameterSlot[] = [];
  parameterCount = 0;

  slot(kind: ParameterKind, layer: number, op: number, shape: readonly number[]): ParameterSlot {
    const length = shape.reduce((product, axis) => product * axis, 1);
    const slot = { kind, layer, op, shape, offset: this.parameterCount, length };
    this.slots.push(slot);
    this.parameterCount += length;
    return slot;
  }

  /** Slots of one layer's weighted ops, all kernels and biases before all thresholds. */
  weights(
    layer: number,
    bits: WeightedBits,
    kernels: readonly { shape: readonly number[]; outputs: number }[],
  ): Weights[] {
    const first = this.ops.length;
    const pairs = kernels.map(({ shape, outputs }, i) => ({
      kernel: this.slot('kernel', layer, first + i, shape),
      bias: this.slot('bias', layer, first + i, [outputs]),
    }));
    return pairs.map((pair, i) => ({
      ...pair,
      weightBits: bits.weightBits,
      biasBits: bits.biasBits,
      weightThreshold: this.slot('weightThreshold', layer, first + i, []),
      biasThreshold: this.slot('biasThreshold', layer, first + i, []),
      activationThreshold: this.slot('activationThreshold', layer, first + i, []),
    }));
  }
}
