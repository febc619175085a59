import type { ActivationQuantizer, Program } from './program.ts';

/** Pixels as an op reads them: unsigned 8 bits at scale 1. */
export const pixelQuantizer: ActivationQuantizer = {
  bits: 8,
  signed: false,
  rounding: 'half-even',
  threshold: null,
};

/**
 * The quantizer of the activations that an op reads: that of the op before it, through max pooling and dropout,
 * which change no values; that of the pixels where there is none.
 */
export function inputQuantizer(program: Program, opIndex: number): ActivationQuantizer {
  for (let i = opIndex - 1; i >= 0; i--) {
    const op = program.ops[i]!;
    if ('quantizer' in op) return op.quantizer;
  }
  return pixelQuantizer;
}
