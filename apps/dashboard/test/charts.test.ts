import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Curve } from '../src/api/types.ts';
import { placeOf, steadied, valueAt, valueRange } from '../src/charts/curve-geometry.ts';
import { decimalsOf, niceTicks } from '../src/charts/nice-ticks.ts';

const curve = { epochs: [0, 2, 6], losses: [1, 0.5, 0.1], accuracies: [0.5, 0.9, 0.95] } as unknown as Curve;

test('a place between two epochs is the one before it', () => {
  expect([-1, 0, 1, 2, 5.9, 6, 7].map((epoch) => placeOf(curve.epochs, epoch))).toEqual([
    -1, 0, 0, 1, 1, 2, 2,
  ]);
});

test('values between epochs lie on the line, and there are none outside', () => {
  expect(valueAt(curve, 'loss', 4)).toBeCloseTo(0.3, 12);
  expect(valueAt(curve, 'accuracy', 2)).toBe(0.9);
  expect(valueAt(curve, 'loss', 6.5)).toBe(0.1);
  expect(valueAt(curve, 'loss', 8)).toBeNull();
  expect(valueAt(curve, 'loss', -1)).toBeNull();
});

test('a range holds the good end of all values', () => {
  const [low, high] = valueRange([curve], 'loss');
  expect(low).toBeLessThan(0.1);
  expect(high).toBeGreaterThan(1);
  expect(valueRange([curve], 'accuracy')[1]).toBeGreaterThanOrEqual(0.95);
  expect(valueRange([], 'accuracy')).toEqual([0.9, 1]);
});

test('of more values than are looked at, a range still holds the best and leaves the worst out', () => {
  const many = Array.from({ length: 3000 }, (_, trial) => ({
    epochs: [0, 1, 2],
    losses: [trial % 500 === 0 ? 40 : 1, 0.5, trial === 1234 ? 0.01 : 0.1],
    accuracies: [0.2, 0.9, trial === 1234 ? 0.999 : 0.95],
  })) as unknown as Curve[];
  const [low, high] = valueRange(many, 'loss');
  expect(low).toBeLessThan(0.01);
  expect(high).toBeGreaterThan(1);
  expect(high).toBeLessThan(2);
  expect(valueRange(many, 'accuracy')[1]).toBeGreaterThan(0.999);
});

test('a range is kept while it serves, and left when it is too small or too large', () => {
  const held = [0.1, 1.1] as const;
  expect(steadied(held, [0.11, 1.09])).toBe(held);
  expect(steadied(held, [0.095, 1.1])).toBe(held);
  expect(steadied(held, [0.08, 1.1])).toEqual([0.08, 1.1]);
  expect(steadied(held, [0.1, 1.12])).toEqual([0.1, 1.12]);
  expect(steadied(held, [0.1, 1])).toEqual([0.1, 1]);
});

test('ticks are a few round numbers inside their range, told apart by their decimals', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -100, max: 100, noNaN: true }),
      fc.double({ min: 1e-3, max: 1000, noNaN: true }),
      (from, span) => {
        const ticks = niceTicks(from, from + span, 5);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(6);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(from - 1e-9);
          expect(tick).toBeLessThanOrEqual(from + span + 1e-9);
        }
        const texts = ticks.map((tick) => tick.toFixed(decimalsOf(ticks)));
        expect(new Set(texts).size).toBe(ticks.length);
        for (const [i, text] of texts.entries()) expect(Number(text)).toBeCloseTo(ticks[i]!, 7);
      },
    ),
  );
});
