import {
  type Program,
  printLayer,
  quantizeArray,
  type Shape,
  scaleOf,
  type WeightedOp,
  weightQuantizer,
} from '@bitkiln/core';
import type { FirstKernels } from '../../../schemas/weights.ts';
import { slotValues } from './histogram.ts';

const mostValues = 65_536;

/** The filters of the first weighted layer as small images; null where they are too many to be looked at. */
export function firstKernels(
  program: Program,
  parameters: Float32Array,
  quantized: boolean,
): FirstKernels | null {
  const op = program.ops.find((candidate): candidate is WeightedOp => 'kernel' in candidate);
  if (op === undefined || op.kernel.length > mostValues) return null;
  const values = slotValues(parameters, op.kernel);
  const { rows, cols, channels } = windowOf(op);
  const filters = values.length / (rows * cols * channels);
  const split = (all: ArrayLike<number>) =>
    Array.from({ length: filters }, (_, filter) =>
      Array.from({ length: rows * cols * channels }, (_, tap) => round(all[tap * filters + filter]!)),
    );
  const scale = scaleOf(parameters[op.weightThreshold.offset]!);
  return {
    layer: printLayer(program.layers[op.layer]!),
    rows,
    cols,
    channels,
    filters: split(values),
    quantized: quantized
      ? split(quantizeArray(Float64Array.from(values), weightQuantizer(op.weightBits), scale))
      : null,
  };
}

/** In every kernel the filters are the last axis: what stands before it is one filter's window. */
function windowOf(op: WeightedOp): Shape {
  switch (op.kind) {
    case 'convolution':
      return { rows: op.kernelRows, cols: op.kernelCols, channels: op.input.channels };
    case 'depthwise':
      // Each channel has filters of its own, so that channel and multiplier together count them.
      return { rows: op.kernelRows, cols: op.kernelCols, channels: 1 };
    case 'dense':
      return op.input;
  }
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}
