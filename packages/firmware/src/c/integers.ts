import type { IntegerValues } from '@bitkiln/core';

/** Bits of arithmetic that hold every integer from `lowest` to `highest`, with its negative. */
export function widthFor(lowest: number, highest: number): 16 | 32 {
  return Math.max(-lowest, highest) <= 32767 ? 16 : 32;
}

/** A type that holds the integers, as narrow as C has it. */
export function typeOf({ lowest, highest }: Pick<IntegerValues, 'lowest' | 'highest'>): string {
  if (lowest >= 0) return highest <= 255 ? 'uint8_t' : 'uint16_t';
  return lowest >= -128 && highest <= 127 ? 'int8_t' : 'int16_t';
}

/** `u4`, `s4` or (mid-rise) `m2`. */
export function nameOf({ bits, signed, midRise }: IntegerValues): string {
  return `${midRise ? 'm' : signed ? 's' : 'u'}${bits}`;
}

/** An integer constant of a type that is wide enough on a machine whose int has 16 bits. */
export function constant(value: number): string {
  if (value > 32767) return `INT32_C(${value})`;
  if (value < -32768) return value === -(2 ** 31) ? '(-INT32_C(2147483647) - 1)' : `(-INT32_C(${-value}))`;
  return value === -32768 ? '(-32767 - 1)' : String(value);
}

/** An unsigned constant. */
export function unsigned(value: number): string {
  return value > 65535 ? `UINT32_C(${value})` : `${value}U`;
}

/** A factor behind an unsigned expression; nothing where it is 1. */
export function times(factor: number): string {
  return factor === 1 ? '' : ` * ${unsigned(factor)}`;
}

/** The bits that stand for an integer: of a mid-rise one, 2 level + 1, the level's. */
export function codeOf(value: number, { bits, midRise }: Pick<IntegerValues, 'bits' | 'midRise'>): number {
  return Number(BigInt.asUintN(bits, BigInt(midRise ? (value - 1) / 2 : value)));
}
