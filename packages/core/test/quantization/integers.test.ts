import {
  integerRange,
  integersOf,
  levelExponent,
  quantizeArray,
  scaleOf,
  unitExponent,
  valuesOf,
  weightQuantizer,
} from '@bitkiln/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantizers, thresholds } from './arbitraries.ts';

const arrays = fc.float32Array({ noNaN: true, min: -50, max: 50 });

test('integers times their unit are the quantized values, and quantize to themselves', () => {
  fc.assert(
    fc.property(arrays, quantizers, thresholds, (x, quantizer, threshold) => {
      const integers = integersOf(x, quantizer, threshold);
      const values = valuesOf(integers, unitExponent(quantizer, threshold));
      const quantized = quantizeArray(x, quantizer, scaleOf(threshold));
      expect(values.map((value) => value + 0)).toEqual(quantized.map((value) => value + 0));
      expect(integersOf(values, quantizer, threshold)).toEqual(integers);
    }),
  );
});

test('integers fill their range and no more; mid-rise ones are odd', () => {
  fc.assert(
    fc.property(arrays, quantizers, thresholds, (x, quantizer, threshold) => {
      const { lowest, highest } = integerRange(quantizer);
      const extremes = integersOf(Float32Array.of(-1e30, 1e30), quantizer, threshold);
      expect([...extremes]).toEqual([lowest, highest]);
      const integers = integersOf(x, quantizer, threshold);
      const midRise = quantizer.signed && quantizer.bits <= 2;
      expect(integers.every((i) => i >= lowest && i <= highest && (!midRise || Math.abs(i % 2) === 1))).toBe(
        true,
      );
    }),
  );
});

test('units: 2^(t - bits) unsigned, twice that signed, and half of it mid-rise', () => {
  expect(unitExponent({ bits: 8, signed: false, rounding: 'floor' }, null)).toBe(-8);
  expect(unitExponent({ bits: 4, signed: false, rounding: 'half-even' }, 1.6)).toBe(-2);
  expect(unitExponent(weightQuantizer(4), -0.499)).toBe(-3);
  expect(unitExponent(weightQuantizer(2), 0)).toBe(-2);
  expect(levelExponent(weightQuantizer(2), 0)).toBe(-1);
});

test('mid-rise weights of 2 and 1 bits', () => {
  const x = Float32Array.of(-3, -0.3, -0, 0, 0.2, 3);
  expect([...integersOf(x, weightQuantizer(2), 0)]).toEqual([-3, -1, 1, 1, 1, 3]);
  expect([...integersOf(x, weightQuantizer(1), 0)]).toEqual([-1, -1, 1, 1, 1, 1]);
});
