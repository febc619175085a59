import {
  levelOf,
  levelRange,
  quantizerGradients,
  quantizerSlopes,
  roundToLevel,
  scaleOf,
  thresholdGradient,
  type UniformQuantizer,
  weightQuantizer,
} from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantizers, thresholds } from './arbitraries.ts';

const values = fc.float({ min: -40, max: 40, noNaN: true });

/**
 * The quantizer with its rounding error held constant at (x0, scale0): smooth but for the clipping, and what the
 * straight-through estimator differentiates.
 */
function surrogate(x0: number, scale0: number, quantizer: UniformQuantizer) {
  const { qmax, lowest, highest } = levelRange(quantizer);
  const s0 = (x0 * qmax) / scale0;
  const error = roundToLevel(s0, quantizer) - s0;
  return (x: number, scale: number): number =>
    (Math.min(Math.max((x * qmax) / scale + error, lowest), highest) * scale) / qmax;
}

describe('straight-through gradients', () => {
  test('pass wherever the level lies in the range, ends included', () => {
    const passes = (x: number): number => quantizerSlopes(x, weightQuantizer(4), 8).input;
    expect([-8.51, -8.5, -8, 0, 7, 7.49, 7.5].map(passes)).toEqual([0, 1, 1, 1, 1, 1, 0]);
    const midRise = (x: number): number => quantizerSlopes(x, weightQuantizer(2), 2).input;
    expect([-2.01, -2, 1.99, 2].map(midRise)).toEqual([0, 1, 1, 0]);
    const unsigned = (x: number): number =>
      quantizerSlopes(x, { bits: 4, signed: false, rounding: 'half-even' }, 16).input;
    expect([-0.51, -0.5, 0, 15.49, 15.5].map(unsigned)).toEqual([0, 1, 1, 1, 0]);
  });

  test('the scale gets (level - s) / qmax inside, and the end / qmax outside', () => {
    expect(quantizerSlopes(0.3, weightQuantizer(4), 1).scale).toBeCloseTo((2 - 2.4) / 8, 12);
    expect(quantizerSlopes(5, weightQuantizer(4), 1).scale).toBe(7 / 8);
    expect(quantizerSlopes(-5, weightQuantizer(4), 1).scale).toBe(-1);
    expect(quantizerSlopes(-5, weightQuantizer(1), 1).scale).toBe(-0.5);
  });

  test('agree with differences of the quantizer whose rounding error is held constant', () => {
    fc.assert(
      fc.property(values, quantizers, thresholds, (x, quantizer, threshold) => {
        const scale = scaleOf(threshold);
        const { qmax, lowest, highest } = levelRange(quantizer);
        const level = roundToLevel((x * qmax) / scale, quantizer);
        // At its very ends the clipped function has a kink, and the slope there is a convention (tested above).
        fc.pre(level !== lowest && level !== highest);
        const f = surrogate(x, scale, quantizer);
        const slopes = quantizerSlopes(x, quantizer, scale);
        const h = 2 ** -12 * (scale / qmax);
        expect((f(x + h, scale) - f(x - h, scale)) / (2 * h)).toBeCloseTo(slopes.input, 6);
        const d = scale * 2 ** -24;
        const numeric = (f(x, scale + d) - f(x, scale - d)) / (2 * d);
        expect(Math.abs(numeric - slopes.scale)).toBeLessThan(1e-5 * Math.max(1, Math.abs(x) / scale));
      }),
      { numRuns: 500 },
    );
  });

  test('an array: inputs one by one, the scale summed', () => {
    const pairs = fc.array(fc.tuple(values, values), { maxLength: 40 });
    fc.assert(
      fc.property(pairs, quantizers, thresholds, (list, quantizer, threshold) => {
        const scale = scaleOf(threshold);
        const x = Float32Array.from(list, ([value]) => value);
        const upstream = Float32Array.from(list, ([, gradient]) => gradient);
        const gradients = quantizerGradients(x, upstream, quantizer, scale);
        const { qmax } = levelRange(quantizer);
        let expected = 0;
        for (const [i, value] of x.entries()) {
          const unclipped = roundToLevel((value * qmax) / scale, quantizer);
          const clipped = levelOf(value, quantizer, scale);
          const inside = unclipped === clipped;
          expect(gradients.input[i]! + 0).toBe((inside ? upstream[i]! : 0) + 0);
          expected += (upstream[i]! * (clipped - (inside ? (value * qmax) / scale : 0))) / qmax;
        }
        expect(gradients.scale).toBeCloseTo(expected, 6);
      }),
    );
  });

  test('a threshold gets the gradient of its scale times ln 2 times the scale', () => {
    const h = 1e-6;
    const scaleSlope = (2 ** (3 + h) - 2 ** (3 - h)) / (2 * h);
    expect(thresholdGradient(0.7, scaleOf(3))).toBeCloseTo(0.7 * scaleSlope, 6);
  });
});
