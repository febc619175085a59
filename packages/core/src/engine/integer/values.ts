import { inputQuantizer } from '../../network/input-quantizer.ts';
import type { ActivationQuantizer, Program } from '../../network/program.ts';
import { integerRange, levelExponent, unitExponent } from '../../quantization/integers.ts';
import { levelRange } from '../../quantization/quantizer.ts';
import type { IntegerValues, Requantization } from './integer-program.ts';

/** A network whose parameters hold the log2 thresholds to quantize by. */
export interface QuantizedNetwork {
  readonly program: Program;
  /** The flat parameter vector, `program.parameterCount` floats. */
  readonly parameters: Float32Array;
}

/** The integers that op `index` reads; at `ops.length`, the network's output behind S's quantizer. */
export function valuesBefore({ program, parameters }: QuantizedNetwork, index: number): IntegerValues {
  const quantizer = inputQuantizer(program, index);
  return {
    bits: quantizer.bits,
    signed: quantizer.signed,
    midRise: levelRange(quantizer).midRise,
    ...integerRange(quantizer),
    unitExponent: unitExponent(quantizer, thresholdOf(quantizer, parameters)),
  };
}

/** From sums in units of 2^sumUnitExponent to the levels of a quantizer. */
export function requantizationTo(
  quantizer: ActivationQuantizer,
  sumUnitExponent: number,
  parameters: Float32Array,
): Requantization {
  const { qmax, lowest, highest, midRise } = levelRange(quantizer);
  const shift = levelExponent(quantizer, thresholdOf(quantizer, parameters)) - sumUnitExponent;
  const half = midRise ? 0.5 : 0;
  return {
    rightShift: clampShift(shift, qmax),
    rounding: midRise ? 'floor' : 'half-even',
    lowest: lowest - half,
    highest: highest - half,
  };
}

/**
 * Shifts the long way beyond 32 bits give what the ends here give: to the left every sum but 0 is clipped, to
 * the right every sum of 32 bits is less than half a level.
 */
function clampShift(shift: number, qmax: number): number {
  return Math.min(Math.max(shift, 0 - Math.log2(qmax)), 32);
}

function thresholdOf({ threshold }: ActivationQuantizer, parameters: Float32Array): number | null {
  return threshold === null ? null : parameters[threshold.offset]!;
}
