import {
  levelRange,
  type ParameterSlot,
  printLayer,
  quantizeArray,
  scaleOf,
  type WeightedOp,
  weightQuantizer,
} from '@bitkiln/core';
import type { WeightHistogram } from '../../../schemas/weights.ts';

const binCount = 61;
const mostBitsWithLevels = 8;

/** One layer's kernel or bias: what is drawn of it. */
export interface WeightSource {
  readonly op: WeightedOp;
  readonly opIndex: number;
  readonly layer: Parameters<typeof printLayer>[0];
  readonly kind: 'kernel' | 'bias';
  readonly parameters: Float32Array;
  /** Whether the stage has quantizers. */
  readonly quantized: boolean;
}

/** Counts a layer's weights into bins, and into the levels that its quantizer makes of them. */
export function weightHistogram(source: WeightSource): WeightHistogram {
  const { op, opIndex, layer, kind, parameters, quantized } = source;
  const values = slotValues(parameters, op[kind]);
  const bits = kind === 'kernel' ? op.weightBits : op.biasBits;
  const threshold = parameters[(kind === 'kernel' ? op.weightThreshold : op.biasThreshold).offset]!;
  const scale = quantized ? scaleOf(threshold) : null;
  const { minimum, maximum, mean, deviation } = moments(values);
  const edge = Math.max(Math.abs(minimum), Math.abs(maximum), scale ?? 0) || 1;
  return {
    op: opIndex,
    layer: printLayer(layer),
    kind,
    count: values.length,
    minimum,
    maximum,
    mean,
    deviation,
    bits,
    scale,
    clipped: scale === null ? null : countClipped(values, bits, scale),
    edge,
    bins: fillBins(values, edge),
    levels: scale === null || bits > mostBitsWithLevels ? null : countLevels(values, bits, scale),
  };
}

export function slotValues(parameters: Float32Array, { offset, length }: ParameterSlot): Float32Array {
  return parameters.subarray(offset, offset + length);
}

function moments(values: Float32Array) {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const value of values) {
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
    sum += value;
  }
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { minimum, maximum, mean, deviation: Math.sqrt(squares / values.length) };
}

function fillBins(values: Float32Array, edge: number): number[] {
  const bins = new Array<number>(binCount).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value + edge) / (2 * edge)) * binCount);
    bins[Math.min(Math.max(bin, 0), binCount - 1)]! += 1;
  }
  return bins;
}

function countLevels(values: Float32Array, bits: number, scale: number) {
  const counts = new Map<number, number>();
  for (const level of quantizeArray(Float64Array.from(values), weightQuantizer(bits), scale)) {
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => a.value - b.value);
}

/** A weight is clipped where it lies further than half a step beyond the outermost levels. */
function countClipped(values: Float32Array, bits: number, scale: number): number {
  const { qmax, lowest, highest } = levelRange(weightQuantizer(bits));
  const step = scale / qmax;
  return values.filter((value) => value < (lowest - 0.5) * step || value > (highest + 0.5) * step).length;
}
