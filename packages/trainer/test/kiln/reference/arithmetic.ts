import {
  type ActivationQuantizer,
  exp32,
  levelRange,
  log32,
  type ParameterSlot,
  roundToLevel,
  type StageName,
  scaleOf,
  type UniformQuantizer,
} from '@bitkiln/core';

/**
 * What the reference computes with: single precision with the definition's functions (bit for bit), or double
 * precision around a fixed point (for finite differences).
 */
export interface Arithmetic {
  /** Rounds the result of one operation. */
  readonly f: (x: number) => number;
  readonly exp: (x: number) => number;
  readonly log: (x: number) => number;
  /** Quantizes a value; `key` names the quantizer and element, the same in every pass. */
  readonly quantize: (x: number, quantizer: UniformQuantizer, scale: number, key: string) => number;
  /** ReLU and the largest of a window; `key` names the element. */
  readonly relu: (x: number, key: string) => number;
  readonly largest: (window: readonly number[], key: string) => number;
  /** The scale of a threshold's value. */
  readonly scale: (threshold: number, slot: ParameterSlot | null) => number;
}

export const singlePrecision: Arithmetic = {
  f: Math.fround,
  exp: exp32,
  log: log32,
  quantize(x, quantizer, scale) {
    const { qmax, lowest, highest } = levelRange(quantizer);
    const level = roundToLevel(Math.fround(x * (qmax / scale)), quantizer);
    return Math.fround(Math.min(highest, Math.max(lowest, level)) * (scale / qmax));
  },
  // biome-ignore lint/complexity/useMathMinMax: Math.max would turn -0 into 0, and the definition does not
  relu: (x) => (x < 0 ? 0 : x),
  largest: (window) => Math.max(...window),
  scale: (threshold) => scaleOf(threshold),
};

export function activeQuantizer(op: object, stage: StageName): ActivationQuantizer | null {
  return stage !== 'float' && 'quantizer' in op ? (op.quantizer as ActivationQuantizer) : null;
}
