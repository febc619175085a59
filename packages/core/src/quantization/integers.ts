import { levelOf, levelRange, roundHalfEven, type UniformQuantizer } from './quantizer.ts';

/**
 * The exponent u of the unit 2^u in which a quantizer's values are integers: round(t) - bits unsigned,
 * round(t) - bits + 1 signed, one less for mid-rise values, whose integers are the odd ones. A null threshold
 * means scale 1.
 */
export function unitExponent(quantizer: UniformQuantizer, log2Threshold: number | null): number {
  const { midRise } = levelRange(quantizer);
  return levelExponent(quantizer, log2Threshold) - (midRise ? 1 : 0);
}

/** The exponent of the step between two levels, scale / qmax. */
export function levelExponent({ bits, signed }: UniformQuantizer, log2Threshold: number | null): number {
  return (log2Threshold === null ? 0 : roundHalfEven(log2Threshold)) - bits + (signed ? 1 : 0);
}

/** The least and the greatest integer that a quantizer gives, in its unit. */
export function integerRange(quantizer: UniformQuantizer): {
  readonly lowest: number;
  readonly highest: number;
} {
  const { lowest, highest, midRise } = levelRange(quantizer);
  return midRise ? { lowest: 2 * lowest, highest: 2 * highest } : { lowest, highest };
}

/** The integers of an array's quantized values in units of 2^`unitExponent`: mid-rise levels r become 2r. */
export function integersOf(
  values: Float32Array,
  quantizer: UniformQuantizer,
  log2Threshold: number,
): Int32Array {
  const scale = 2 ** roundHalfEven(log2Threshold);
  const perLevel = levelRange(quantizer).midRise ? 2 : 1;
  return Int32Array.from(values, (value) => perLevel * levelOf(value, quantizer, scale));
}

/** The values of integers in units of 2^`unit`, exact in single precision: what `integersOf` came from. */
export function valuesOf(integers: ArrayLike<number>, unit: number): Float32Array {
  return Float32Array.from(integers, (integer) => integer * 2 ** unit);
}
