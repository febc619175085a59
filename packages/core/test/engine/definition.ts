import {
  type ConvolutionOp,
  type DepthwiseOp,
  elements,
  type Op,
  type ParameterSlot,
  type Program,
  type Shape,
} from '@bitkiln/core';

/** A number for every row, column and channel. */
type FeatureMap = (row: number, col: number, channel: number) => number;

/**
 * The outputs of every op of the float network, row-major, written down as the ops are defined: slow, and sharing
 * nothing with the engines.
 */
export function outputsByDefinition(
  program: Program,
  parameters: Float32Array,
  image: Uint8Array,
): number[][] {
  const inputs: FeatureMap[] = [
    mapOf(
      Array.from(image, (pixel) => pixel / 256),
      program.input,
    ),
  ];
  return program.ops.map((op, index) => {
    const skip = 'skipFromInputOf' in op && op.skipFromInputOf !== null ? inputs[op.skipFromInputOf]! : null;
    const value = outputOf(op, inputs[index]!, skip, parameters);
    const output: number[] = [];
    for (let row = 0; row < op.output.rows; row++) {
      for (let col = 0; col < op.output.cols; col++) {
        for (let channel = 0; channel < op.output.channels; channel++) output.push(value(row, col, channel));
      }
    }
    inputs.push(mapOf(output, op.output));
    return output;
  });
}

/** 0 outside of its shape. */
function mapOf(values: readonly number[], { rows, cols, channels }: Shape): FeatureMap {
  return (row, col, channel) =>
    row < 0 || col < 0 || row >= rows || col >= cols ? 0 : values[(row * cols + col) * channels + channel]!;
}

function outputOf(op: Op, x: FeatureMap, skip: FeatureMap | null, parameters: Float32Array): FeatureMap {
  switch (op.kind) {
    case 'dropout':
    case 'quantize':
      return x;
    case 'average-pool':
    case 'max-pool':
      return (row, col, channel) => {
        const square = pairs(op.pool, op.pool).map(([r, c]) =>
          x(row * op.pool + r, col * op.pool + c, channel),
        );
        return op.kind === 'max-pool' ? Math.max(...square) : sum(square) / square.length;
      };
    default: {
      const kernel = at(parameters, op.kernel);
      const bias = at(parameters, op.bias);
      const relu = op.kind !== 'depthwise' && op.relu;
      return (row, col, channel) => {
        const products =
          op.kind === 'dense'
            ? Array.from({ length: elements(op.input) }, (_, i) => flat(x, op.input, i) * kernel(i, channel))
            : windowProducts(op, x, kernel, row, col, channel);
        const value = sum(products) + bias(channel) + (skip === null ? 0 : skip(row, col, channel));
        return relu ? Math.max(0, value) : value;
      };
    }
  }
}

function windowProducts(
  op: ConvolutionOp | DepthwiseOp,
  x: FeatureMap,
  kernel: (...index: number[]) => number,
  row: number,
  col: number,
  channel: number,
): number[] {
  const padding = op.kind === 'convolution' ? op.padding : 0;
  return pairs(op.kernelRows, op.kernelCols).flatMap(([r, c]) => {
    const from = (input: number): number =>
      x(row * op.strideRows + r - padding, col * op.strideCols + c - padding, input);
    if (op.kind === 'depthwise') {
      const input = Math.floor(channel / op.multiplier);
      return [from(input) * kernel(r, c, input, channel % op.multiplier)];
    }
    return Array.from(
      { length: op.input.channels },
      (_, input) => from(input) * kernel(r, c, input, channel),
    );
  });
}

function flat(x: FeatureMap, { cols, channels }: Shape, i: number): number {
  const cell = Math.floor(i / channels);
  return x(Math.floor(cell / cols), cell % cols, i % channels);
}

/** A parameter by its indices, row-major. */
function at(parameters: Float32Array, { offset, shape }: ParameterSlot): (...index: number[]) => number {
  return (...index) => parameters[offset + index.reduce((place, i, axis) => place * shape[axis]! + i, 0)]!;
}

function pairs(rows: number, cols: number): [number, number][] {
  return Array.from({ length: rows * cols }, (_, i) => [Math.floor(i / cols), i % cols]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
