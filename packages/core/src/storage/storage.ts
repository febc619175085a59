import type { Layer } from '../network/layer.ts';
import { convolvedShape } from '../network/output-shape.ts';
import { elements, type Shape } from '../network/shape.ts';
import { convolutionSlack } from './slack.ts';
import type { Strategy } from './strategy.ts';

/** Bytes, exact: bits may give half bytes. All three are -1 where a layer shrinks an axis to nothing. */
export interface StorageTotals {
  readonly weightBytes: number;
  /** The most bytes of activations alive at once. */
  readonly activationBytes: number;
  readonly totalBytes: number;
}

export interface LayerStorage {
  readonly output: Shape;
  readonly weightBytes: number;
  /** Bytes of activations alive while this layer runs; 0 for D, N and Q, which change values in place. */
  readonly liveBytes: number;
}

export interface StorageReport extends StorageTotals {
  readonly strategy: Strategy;
  /** A layer's figures in the order of the network, up to the one that shrinks an axis to nothing. */
  readonly layers: readonly LayerStorage[];
  /** Index of the first layer whose live bytes are the peak; null where nothing is alive or nothing fits. */
  readonly peakLayer: number | null;
}

/**
 * The bytes that a network takes on a microcontroller, by the published storage model: its weights, plus the
 * peak of its live activations under a convolution strategy. The input is streamed and costs nothing itself.
 * Networks that can't be lowered are counted too; pooled axes are rounded up.
 */
export function storageReport(layers: readonly Layer[], input: Shape, strategy: Strategy): StorageReport {
  const rows: LayerStorage[] = [];
  let shape = input;
  let elementBytes = 1;
  for (const layer of layers) {
    const row = layerStorage(layer, shape, elementBytes, strategy);
    if (row.output.rows <= 0 || row.output.cols <= 0) {
      const nothing = { weightBytes: -1, activationBytes: -1, totalBytes: -1 };
      return { strategy, layers: rows, peakLayer: null, ...nothing };
    }
    rows.push(row);
    shape = row.output;
    elementBytes = layer.activationBits / 8;
  }
  const weightBytes = rows.reduce((sum, row) => sum + row.weightBytes, 0);
  const activationBytes = rows.reduce((peak, row) => Math.max(peak, row.liveBytes), 0);
  const peakLayer = activationBytes > 0 ? rows.findIndex((row) => row.liveBytes === activationBytes) : null;
  return {
    strategy,
    layers: rows,
    peakLayer,
    weightBytes,
    activationBytes,
    totalBytes: weightBytes + activationBytes,
  };
}

/** The totals of `storageReport` alone. */
export function storageTotals(layers: readonly Layer[], input: Shape, strategy: Strategy): StorageTotals {
  const { weightBytes, activationBytes, totalBytes } = storageReport(layers, input, strategy);
  return { weightBytes, activationBytes, totalBytes };
}

function layerStorage(layer: Layer, input: Shape, elementBytes: number, strategy: Strategy): LayerStorage {
  const { rows, cols, channels } = input;
  const held = elements(input) * elementBytes;
  switch (layer.code) {
    case 'A':
    case 'M': {
      const output = { rows: Math.ceil(rows / layer.pool), cols: Math.ceil(cols / layer.pool), channels };
      return { output, weightBytes: 0, liveBytes: bytes(elements(output), layer.activationBits) };
    }
    case 'C':
    case 'CN': {
      const output = convolvedShape(input, layer, layer.filters);
      const taps = layer.kernelRows * layer.kernelCols * channels;
      const slack = convolutionSlack(input, output, layer, strategy);
      return {
        output,
        weightBytes: weightBytes(layer, taps * layer.filters, layer.filters),
        liveBytes: bytes(slack, layer.activationBits) + held,
      };
    }
    case 'T':
    case 'DSC': {
      const outputs = layer.code === 'T' ? channels * layer.multiplier : layer.filters;
      const output = convolvedShape(input, layer, outputs);
      const depthwise = layer.kernelRows * layer.kernelCols * channels;
      const [weights, biases] =
        layer.code === 'T'
          ? [depthwise * layer.multiplier, outputs]
          : [depthwise + channels * outputs, channels + outputs];
      return {
        output,
        weightBytes: weightBytes(layer, weights, biases),
        liveBytes: Math.max(held, bytes(elements(output), layer.activationBits)),
      };
    }
    case 'R':
      return {
        output: input,
        weightBytes: weightBytes(layer, 18 * channels * channels, 2 * channels),
        liveBytes: bytes(3 * cols + 2, layer.activationBits) + held,
      };
    case 'F':
    case 'S': {
      const inputs = elements(input);
      const accumulatorBits = Math.ceil(Math.log2(inputs)) * 2 * layer.weightBits;
      return {
        output: { rows: 1, cols: 1, channels: layer.units },
        weightBytes: weightBytes(layer, inputs * layer.units, layer.units),
        liveBytes: bytes(layer.units, layer.activationBits) + accumulatorBits / 8 + held,
      };
    }
    case 'Q':
    case 'N':
    case 'D':
      return { output: input, weightBytes: 0, liveBytes: 0 };
  }
}

function bytes(count: number, bits: number): number {
  return (count * bits) / 8;
}

function weightBytes(
  { weightBits, biasBits }: { readonly weightBits: number; readonly biasBits: number },
  weights: number,
  biases: number,
): number {
  return bytes(weights, weightBits) + bytes(biases, biasBits);
}
