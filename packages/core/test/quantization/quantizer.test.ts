import {
  levelOf,
  levelRange,
  quantize,
  quantizeArray,
  roundHalfEven,
  scaleOf,
  type UniformQuantizer,
  weightQuantizer,
} from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantizers, thresholds } from './arbitraries.ts';

const unsigned4: UniformQuantizer = { bits: 4, signed: false, rounding: 'half-even' };
const values = fc.float({ min: -100, max: 100, noNaN: true });

describe('rounding', () => {
  test('a tie goes to the even integer', () => {
    const ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];
    expect(ties.map((x) => roundHalfEven(x) + 0)).toEqual([-2, -2, 0, 0, 2, 2, 4]);
    expect([-1.51, -0.49, 0.49, 0.51, 1.49].map((x) => roundHalfEven(x) + 0)).toEqual([-2, 0, 0, 1, 1]);
  });

  test('a scale is a power of two, and a tie between two takes the even exponent', () => {
    expect([-0.5, 0.5, 1.5, 2.5, -3.2, 0.499].map(scaleOf)).toEqual([1, 1, 4, 4, 1 / 8, 1]);
    expect(scaleOf(null)).toBe(1);
    for (let exponent = -126; exponent <= 127; exponent++) {
      expect(Math.log2(scaleOf(exponent))).toBe(exponent);
    }
  });
});

describe('levels', () => {
  test('ranges', () => {
    expect(levelRange(weightQuantizer(4))).toEqual({ qmax: 8, lowest: -8, highest: 7, midRise: false });
    expect(levelRange(unsigned4)).toEqual({ qmax: 16, lowest: 0, highest: 15, midRise: false });
    expect(levelRange(weightQuantizer(2))).toEqual({ qmax: 2, lowest: -1.5, highest: 1.5, midRise: true });
    expect(levelRange(weightQuantizer(1))).toEqual({ qmax: 1, lowest: -0.5, highest: 0.5, midRise: true });
    expect(levelRange({ ...unsigned4, bits: 2 })).toEqual({ qmax: 4, lowest: 0, highest: 3, midRise: false });
  });

  test('signed 4 bits at scale 2: steps of 1/4, ties to even, clipped to [-8, 7]', () => {
    const level = (x: number): number => levelOf(x, weightQuantizer(4), 2) + 0;
    expect([0.125, 0.375, -0.125, 1.75, 1.9, 50, -2, -2.1, -50].map(level)).toEqual([
      0, 2, 0, 7, 7, 7, -8, -8, -8,
    ]);
    expect(quantize(0.3, weightQuantizer(4), 2)).toBe(0.25);
  });

  test('mid-rise 2 bits at scale 1: -3/4, -1/4, 1/4, 3/4, and 0 goes up', () => {
    const at = (x: number): number => quantize(x, weightQuantizer(2), 1);
    expect([-9, -0.6, -0.5, -0.1, 0, 0.49, 0.5, 9].map(at)).toEqual([
      -0.75, -0.75, -0.25, -0.25, 0.25, 0.25, 0.75, 0.75,
    ]);
  });

  test('floor, as layer A rounds', () => {
    const floor: UniformQuantizer = { bits: 4, signed: false, rounding: 'floor' };
    expect([0, 0.0624, 0.0625, 0.99, 1, 7].map((x) => levelOf(x, floor, 1))).toEqual([0, 0, 1, 15, 15, 15]);
  });

  test('every level lies in the range, and within half a step (a step by floor) of an unclipped number', () => {
    fc.assert(
      fc.property(values, quantizers, thresholds, (x, quantizer, threshold) => {
        const scale = scaleOf(threshold);
        const { qmax, lowest, highest, midRise } = levelRange(quantizer);
        const level = levelOf(x, quantizer, scale);
        expect(Number.isInteger(midRise ? level - 0.5 : level)).toBe(true);
        expect(level).toBeGreaterThanOrEqual(lowest);
        expect(level).toBeLessThanOrEqual(highest);
        const steps = (x * qmax) / scale;
        if (steps < lowest || steps > highest) {
          expect(level + 0).toBe((steps < lowest ? lowest : highest) + 0);
        } else if (quantizer.rounding === 'floor') {
          expect(steps - level).toBeGreaterThanOrEqual(0);
          expect(steps - level).toBeLessThan(1);
        } else {
          expect(Math.abs(steps - level)).toBeLessThanOrEqual(0.5);
        }
      }),
    );
  });

  test('quantizing is monotonic and, once done, changes nothing', () => {
    fc.assert(
      fc.property(values, values, quantizers, thresholds, (x, y, quantizer, threshold) => {
        const scale = scaleOf(threshold);
        const [low, high] = x < y ? [x, y] : [y, x];
        const first = quantize(low, quantizer, scale);
        expect(first).toBeLessThanOrEqual(quantize(high, quantizer, scale));
        expect(quantize(first, quantizer, scale)).toBe(first);
      }),
    );
  });

  test('single precision, rounded after every step, gives the same bits', () => {
    const f = Math.fround;
    const inSinglePrecision = (x: number, quantizer: UniformQuantizer, scale: number): number => {
      const { qmax, lowest, highest, midRise } = levelRange(quantizer);
      const s = f(x * f(qmax / scale));
      const magic = 1.5 * 2 ** 23;
      const nearest = Math.abs(s) < 2 ** 22 ? f(f(s + magic) - magic) : s;
      const rounded =
        quantizer.rounding === 'floor' ? Math.floor(s) : midRise ? f(Math.floor(s) + 0.5) : nearest;
      return f(Math.min(Math.max(rounded, lowest), highest) * f(scale / qmax));
    };
    const withoutUnderflow = values.filter((x) => x === 0 || Math.abs(x) > 2 ** -100);
    fc.assert(
      fc.property(withoutUnderflow, quantizers, thresholds, (x, quantizer, threshold) => {
        const scale = scaleOf(threshold);
        expect(quantize(x, quantizer, scale) + 0).toBe(inSinglePrecision(x, quantizer, scale) + 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('an array is quantized number by number, into a new array or in place', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true }), quantizers, thresholds, (x, quantizer, threshold) => {
        const scale = scaleOf(threshold);
        const before = x.slice();
        const quantized = quantizeArray(x, quantizer, scale);
        expect(x).toEqual(before);
        expect(quantized).toEqual(Float32Array.from(x, (value) => quantize(value, quantizer, scale)));
        expect(quantizeArray(x, quantizer, scale, x)).toBe(x);
        expect(x).toEqual(quantized);
      }),
    );
  });
});
