import { levelRange, roundToLevel, type UniformQuantizer } from './quantizer.ts';

/** Derivatives of one quantized number. */
export interface QuantizerSlopes {
  /** To x, by the straight-through estimator: 1 where x's level lies in the range, ends included, else 0. */
  readonly input: 0 | 1;
  /** To the scale: (clip(r) - [r in range] s) / qmax, with s = x qmax / scale and r its level before clipping. */
  readonly scale: number;
}

/** The derivatives of `quantize(x, quantizer, scale)`. */
export function quantizerSlopes(x: number, quantizer: UniformQuantizer, scale: number): QuantizerSlopes {
  const { qmax, lowest, highest } = levelRange(quantizer);
  const steps = (x * qmax) / scale;
  const level = roundToLevel(steps, quantizer);
  if (level < lowest) return { input: 0, scale: lowest / qmax };
  if (level > highest) return { input: 0, scale: highest / qmax };
  return { input: 1, scale: (level - steps) / qmax };
}

/** Gradients through `quantizeArray`: to its inputs, and to the scale (summed over all of them). */
export function quantizerGradients(
  x: Float32Array,
  outputGradient: Float32Array,
  quantizer: UniformQuantizer,
  scale: number,
): { readonly input: Float32Array; readonly scale: number } {
  const input = new Float32Array(x.length);
  let scaleGradient = 0;
  for (const [i, value] of x.entries()) {
    const slopes = quantizerSlopes(value, quantizer, scale);
    input[i] = outputGradient[i]! * slopes.input;
    scaleGradient += outputGradient[i]! * slopes.scale;
  }
  return { input, scale: scaleGradient };
}

/** The gradient to a log2 threshold with moving scales: the scale's gradient times ln 2 * 2^round(t). */
export function thresholdGradient(scaleGradient: number, scale: number): number {
  return scaleGradient * Math.LN2 * scale;
}
