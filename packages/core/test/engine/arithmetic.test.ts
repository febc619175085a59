import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requantize, saturate16, shiftRightHalfEven } from '../../src/engine/integer/arithmetic.ts';

const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -300, max: 300 }),
  fc.tuple(fc.integer({ min: -9, max: 9 }), fc.nat(27)).map(([m, shift]) => m * 2 ** shift),
);

/** sum / 2^shift as a fraction of big integers, rounded down or half to even. */
function exactLevel(sum: number, shift: number, rounding: 'half-even' | 'floor'): bigint {
  const numerator = BigInt(sum) * 2n ** BigInt(Math.max(0, -shift));
  const denominator = 2n ** BigInt(Math.max(0, shift));
  let quotient = numerator / denominator;
  let rest = numerator % denominator;
  if (rest < 0n) {
    quotient -= 1n;
    rest += denominator;
  }
  if (rounding === 'floor') return quotient;
  const twice = 2n * rest;
  return twice > denominator || (twice === denominator && quotient % 2n !== 0n) ? quotient + 1n : quotient;
}

describe('integer arithmetic', () => {
  test('shifts right with ties to even', () => {
    expect([-10, -6, -2, 2, 6, 10, 5, 7, -5, -7].map((x) => shiftRightHalfEven(x, 2))).toEqual([
      -2, -2, 0, 0, 2, 2, 1, 2, -1, -2,
    ]);
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 31 }), (x, shift) => {
        expect(BigInt(shiftRightHalfEven(x, shift))).toBe(exactLevel(x, shift, 'half-even'));
      }),
      { numRuns: 2000 },
    );
  });

  test('requantizes every 32-bit sum by every shift as exact arithmetic does', () => {
    const ranges = fc.tuple(fc.integer({ min: 1, max: 16 }), fc.boolean()).map(([bits, signed]) => ({
      lowest: signed ? -(2 ** (bits - 1)) : 0,
      highest: 2 ** (signed ? bits - 1 : bits) - 1,
    }));
    const roundings = fc.constantFrom('half-even' as const, 'floor' as const);
    const shifts = fc.integer({ min: -16, max: 32 });
    const sums = int32.filter((sum) => sum > -(2 ** 31));
    fc.assert(
      fc.property(sums, shifts, roundings, ranges, (sum, rightShift, rounding, range) => {
        const level = exactLevel(sum, rightShift, rounding);
        const clipped = Math.min(Math.max(Number(level), range.lowest), range.highest);
        expect(requantize(sum, { rightShift, rounding, ...range }) + 0).toBe(clipped + 0);
      }),
      { numRuns: 5000 },
    );
  });

  test('saturates at 16 bits', () => {
    expect([-40000, -32769, -32768, 5, 32767, 32768].map(saturate16)).toEqual([
      -32768, -32768, -32768, 5, 32767, 32767,
    ]);
  });
});
