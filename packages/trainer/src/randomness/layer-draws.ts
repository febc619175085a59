import { bitsAt, deriveStream, type StageName, type Stream, substream } from '@bitkiln/core';
import { gaussianAt } from './gaussian.ts';

/**
 * Draws of dropout and noise layers. Element e (row-major, channels last) of sample s of an optimizer step's
 * batch is draw `s * elements + e` of the stream of (trial, step, op): steps count from 0 over the whole trial,
 * s is the place in the batch, and op the index into `Program.ops`.
 */
export function trialDrawStream(experimentSeed: number, stage: StageName, trial: number): Stream {
  return deriveStream(experimentSeed, stage, trial, 'layer-draws');
}

export function layerStream(trialDraws: Stream, step: number, op: number): Stream {
  return substream(trialDraws, step, op);
}

/** Dropout keeps a draw whose upper 24 bits are at least this. */
export function dropoutThreshold(rate: number): number {
  return Math.round(rate * 2 ** 24);
}

/** What dropout multiplies kept elements by: 1 / (1 - rate) in single precision. */
export function dropoutScale(rate: number): number {
  return Math.fround(1 / (1 - rate));
}

/** The factors (0 or 1 / (1 - rate)) of a batch, samples x elements. */
export function dropoutFactors(
  trialDraws: Stream,
  rate: number,
  at: { readonly step: number; readonly op: number; readonly samples: number; readonly elements: number },
): Float32Array {
  const stream = layerStream(trialDraws, at.step, at.op);
  const threshold = dropoutThreshold(rate);
  const scale = dropoutScale(rate);
  const factors = new Float32Array(at.samples * at.elements);
  for (let draw = 0; draw < factors.length; draw++) {
    factors[draw] = bitsAt(stream, draw) >>> 8 >= threshold ? scale : 0;
  }
  return factors;
}

/** The noise that an N layer adds to a batch, samples x elements: stddev times a standard normal draw. */
export function gaussianNoise(
  trialDraws: Stream,
  stddev: number,
  at: { readonly step: number; readonly op: number; readonly samples: number; readonly elements: number },
): Float32Array {
  const stream = layerStream(trialDraws, at.step, at.op);
  const scale = Math.fround(stddev);
  const noise = new Float32Array(at.samples * at.elements);
  for (let draw = 0; draw < noise.length; draw++) noise[draw] = Math.fround(gaussianAt(stream, draw) * scale);
  return noise;
}
