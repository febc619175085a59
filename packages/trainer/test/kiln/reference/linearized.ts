import { levelRange, roundToLevel, scaleOf, type UniformQuantizer } from '@bitkiln/core';
import type { Arithmetic } from './arithmetic.ts';

/**
 * Double precision in which everything that straight-through estimators and subgradients hold fast is held fast:
 * the first pass records for each quantized value its level and whether it was in range, for each ReLU whether
 * it was open, for each pooling window which element was the first largest. Later passes keep those choices, so
 * that the loss is smooth and its finite differences are the gradients that training should find:
 * a value in range moves with x and by (r - s) / qmax with its scale, one out of range by clip(r) / qmax.
 */
export function createLinearized(): { readonly of: (sample: number) => Arithmetic } {
  const levels = new Map<string, { offset: number; inRange: boolean }>();
  const choices = new Map<string, number>();
  const scales = new Map<number, { threshold: number; scale: number }>();
  const recorded = <T>(map: Map<string, T>, key: string, make: () => T): T => {
    const known = map.get(key) ?? make();
    map.set(key, known);
    return known;
  };
  const levelOf = (x: number, quantizer: UniformQuantizer, scale: number) => {
    const { qmax, lowest, highest } = levelRange(quantizer);
    const steps = (x * qmax) / scale;
    const level = roundToLevel(steps, quantizer);
    const inRange = level >= lowest && level <= highest;
    const clipped = Math.min(highest, Math.max(lowest, level));
    return { offset: (clipped - (inRange ? steps : 0)) / qmax, inRange };
  };
  return {
    of: (sample) => ({
      f: (x) => x,
      exp: Math.exp,
      log: Math.log,
      quantize(x, quantizer, scale, key) {
        const name = key.startsWith('parameter') ? key : `sample ${sample} ${key}`;
        const { offset, inRange } = recorded(levels, name, () => levelOf(x, quantizer, scale));
        return offset * scale + (inRange ? x : 0);
      },
      relu: (x, key) => x * recorded(choices, `relu ${sample} ${key}`, () => Number(x > 0)),
      largest: (window, key) =>
        window[recorded(choices, `pool ${sample} ${key}`, () => window.indexOf(Math.max(...window)))]!,
      scale(threshold, slot) {
        const anchor = scales.get(slot!.offset) ?? { threshold, scale: scaleOf(threshold) };
        scales.set(slot!.offset, anchor);
        return anchor.scale * 2 ** (threshold - anchor.threshold);
      },
    }),
  };
}
