import type { Requantization } from './integer-program.ts';

/** floor(x / 2^shift + 1/2), a tie to the even integer, for 32-bit x and shifts from 0 to 31. */
export function shiftRightHalfEven(x: number, shift: number): number {
  if (shift === 0) return x;
  const quotient = x >> shift;
  const rest = x & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}

/** A 32-bit sum as a level, before it is doubled where the output is mid-rise. */
export function requantize(sum: number, { rightShift, rounding, lowest, highest }: Requantization): number {
  if (rightShift < 0) {
    if (sum > highest >> -rightShift) return highest;
    if (sum < -(-lowest >> -rightShift)) return lowest;
    return sum << -rightShift;
  }
  const level = rounding === 'floor' ? sum >> Math.min(rightShift, 31) : roundRight(sum, rightShift);
  return Math.min(Math.max(level, lowest), highest);
}

function roundRight(sum: number, shift: number): number {
  return shift > 31 ? 0 : shiftRightHalfEven(sum, shift);
}

/** Clips a sum to 16 bits. */
export function saturate16(sum: number): number {
  return Math.min(Math.max(sum, -32768), 32767);
}
