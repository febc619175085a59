import type { UniformQuantizer } from '@bitkiln/core';
import fc from 'fast-check';

/** Every quantizer that a layer can have, up to 16 bits. */
export const quantizers: fc.Arbitrary<UniformQuantizer> = fc
  .record({
    bits: fc.integer({ min: 1, max: 16 }),
    signed: fc.boolean(),
    floor: fc.boolean(),
  })
  .map(({ bits, signed, floor }) => ({ bits, signed, rounding: floor && !signed ? 'floor' : 'half-even' }));

/** Log2 thresholds as training leaves them, halves among them. */
export const thresholds: fc.Arbitrary<number> = fc.oneof(
  fc.float({ min: -6, max: 6, noNaN: true }),
  fc.integer({ min: -12, max: 12 }).map((halves) => halves / 2),
);
