import { bitsAt, cosTurns32, log32, type Stream } from '@bitkiln/core';

const f = Math.fround;

/**
 * Standard normal draw `counter` of a stream, single precision, by Box and Muller's transform
 * sqrt(-2 ln u) cos(2 pi v): u = (k + 1/2) 2^-23 comes from draw 2 counter, v = j 2^-24 from the draw after it.
 * |result| < 5.8. `counter` counts modulo 2^31.
 */
export function gaussianAt(stream: Stream, counter: number): number {
  const u = ((bitsAt(stream, 2 * counter) >>> 9) + 0.5) * 2 ** -23;
  const v = (bitsAt(stream, 2 * counter + 1) >>> 8) * 2 ** -24;
  return f(f(Math.sqrt(f(log32(u) * -2))) * cosTurns32(v));
}
