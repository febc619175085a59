import {
  compileIntegerNetwork,
  type IntegerAveragePool,
  type IntegerOp,
  type IntegerProgram,
  type IntegerValues,
  type IntegerWeightedOp,
  type Model,
  printNetwork,
  unitExponent,
  weightQuantizer,
} from '@bitkiln/core';
import type { Files } from '../files.ts';
import { createGraphBuilder, type GraphBuilder } from './graph-builder.ts';
import { onnxKernel } from './kernel-layout.ts';
import { writeModelProto } from './model-proto.ts';

/**
 * model.onnx: integer weights and activations between QuantizeLinear and DequantizeLinear, all scales powers of two.
 * Its sums are floats that stand for the integers exactly as long as those stay below 2^24 units. `image` is a batch
 * of 8-bit pixels (N, rows, columns, channels); `logits` are the sums, clipped to 16 bits, in the network's own
 * unit; `class` is the first of the largest.
 */
export function exportOnnx(model: Model): Files {
  const program = compileIntegerNetwork(model);
  const graph = createGraphBuilder();
  const { rows, cols, channels } = program.input;
  const pixels = graph.node('DequantizeLinear', ['image', graph.floats(2 ** -8)]);
  const values = [graph.node('Transpose', [pixels], { perm: [0, 3, 1, 2] })];
  const last = program.ops.length - 1;
  for (const [index, op] of program.ops.slice(0, last).entries()) {
    values.push(addOp(graph, model, index, op, values));
  }
  const logits = program.ops[last] as IntegerWeightedOp;
  addLogits(graph, addSum(graph, model, last, logits, values[last]!), logits);
  const classes = program.output.channels;
  const file = graph.finish({
    name: 'bitkiln',
    description: describe(program),
    inputs: [{ name: 'image', type: 'uint8', dims: ['N', rows, cols, channels] }],
    outputs: [
      { name: 'logits', type: 'float', dims: ['N', classes] },
      { name: 'class', type: 'int64', dims: ['N'] },
    ],
  });
  return { 'model.onnx': writeModelProto(file) };
}

function describe({ layers }: IntegerProgram): string {
  return `${printNetwork(layers)}, quantized to powers of two`;
}

/** The op's output as floats that stand for its integers. */
function addOp(
  graph: GraphBuilder,
  model: Model,
  index: number,
  op: IntegerOp,
  values: readonly string[],
): string {
  const x = values[index]!;
  switch (op.kind) {
    case 'dropout':
      return x;
    case 'max-pool':
      return graph.node('MaxPool', [x], { kernel_shape: [op.pool, op.pool], strides: [op.pool, op.pool] });
    case 'average-pool':
      return addAverage(graph, op, x);
    case 'quantize':
      return requantize(graph, x, op.outputValues);
    default: {
      let sum = addSum(graph, model, index, op, x);
      if (op.kind === 'convolution' && op.skip !== null) {
        sum = graph.node('Add', [sum, values[op.skip.fromInputOf]!]);
      }
      return requantize(graph, op.relu ? graph.node('Relu', [sum]) : sum, op.outputValues);
    }
  }
}

/** Products and bias, with neither ReLU nor quantization. */
function addSum(graph: GraphBuilder, model: Model, index: number, op: IntegerWeightedOp, x: string): string {
  const { values, dims, groups } = onnxKernel(op);
  const [weightUnit, biasUnit] = weightUnits(model, index);
  const weightType = op.weightBits <= 4 ? 'int4' : 'int8';
  const biasType = op.biasBits <= 8 ? 'int8' : 'int16';
  const weights = graph.node('DequantizeLinear', [
    graph.integers(values, dims, weightType),
    graph.floats(2 ** weightUnit),
  ]);
  const bias = graph.node('DequantizeLinear', [
    graph.integers(op.bias, [op.bias.length], biasType),
    graph.floats(2 ** biasUnit),
  ]);
  const padding = op.kind === 'convolution' ? op.padding : 0;
  const strides = op.kind === 'dense' ? [1, 1] : [op.strideRows, op.strideCols];
  return graph.node('Conv', [x, weights, bias], {
    kernel_shape: dims.slice(2),
    strides,
    pads: [padding, padding, padding, padding],
    group: groups,
  });
}

/** Exponents of the units of an op's weights and biases. */
function weightUnits({ program, parameters }: Model, index: number): [number, number] {
  const op = program.ops[index]!;
  if (!('kernel' in op)) throw new TypeError(`op ${index} has no weights`);
  return [
    unitExponent(weightQuantizer(op.weightBits), parameters[op.weightThreshold.offset]!),
    unitExponent(weightQuantizer(op.biasBits), parameters[op.biasThreshold.offset]!),
  ];
}

/** Rounds half to even, and clips to the integers that the bits allow. */
function requantize(graph: GraphBuilder, x: string, values: IntegerValues): string {
  if (values.midRise) return requantizeMidRise(graph, x, values);
  const unit = graph.floats(2 ** values.unitExponent);
  const zero = zeroPoint(graph, values);
  // What lies beyond the ends is clipped to them first: rounding keeps the order.
  const clipped = [8, 16].includes(values.bits) ? x : clip(graph, x, values, 2 ** values.unitExponent);
  const integers = graph.node('QuantizeLinear', [clipped, unit, zero]);
  return graph.node('DequantizeLinear', [integers, unit, zero]);
}

/** The odd integers 2 floor(x / step) + 1, of half a step each. */
function requantizeMidRise(graph: GraphBuilder, x: string, values: IntegerValues): string {
  const level = graph.node('Floor', [graph.node('Mul', [x, graph.floats(2 ** -(values.unitExponent + 1))])]);
  const odd = graph.node('Add', [graph.node('Add', [level, level]), graph.floats(1)]);
  const integers = graph.node('QuantizeLinear', [
    clip(graph, odd, values, 1),
    graph.floats(1),
    zeroPoint(graph, values),
  ]);
  return graph.node('DequantizeLinear', [
    integers,
    graph.floats(2 ** values.unitExponent),
    zeroPoint(graph, values),
  ]);
}

function clip(graph: GraphBuilder, x: string, { lowest, highest }: IntegerValues, unit: number): string {
  return graph.node('Clip', [x, graph.floats(lowest * unit), graph.floats(highest * unit)]);
}

/** Unsigned throughout, signed ones with an offset: ONNX Runtime's optimizer trips over activations of int8. */
function zeroPoint(graph: GraphBuilder, { bits, signed }: IntegerValues): string {
  if (bits <= 8) return graph.zeroPoint(signed ? 128 : 0, 'uint8');
  return graph.zeroPoint(signed ? 32768 : 0, 'uint16');
}

/** Sums of squares, exact as a convolution with ones, then floor and clip at threshold 0. */
function addAverage(graph: GraphBuilder, op: IntegerAveragePool, x: string): string {
  const { pool, outputValues } = op;
  const { channels } = op.input;
  const ones = new Int32Array(channels * pool * pool).fill(1);
  const weights = graph.node('DequantizeLinear', [
    graph.integers(ones, [channels, 1, pool, pool], 'int4'),
    graph.floats(2 ** -outputValues.unitExponent),
  ]);
  const sum = graph.node('Conv', [x, weights], {
    kernel_shape: [pool, pool],
    strides: [pool, pool],
    group: channels,
  });
  const mean = graph.node('Div', [sum, graph.floats(pool * pool)]);
  const level = clip(graph, graph.node('Floor', [mean]), outputValues, 1);
  const zero = zeroPoint(graph, outputValues);
  const integers = graph.node('QuantizeLinear', [level, graph.floats(1), zero]);
  return graph.node('DequantizeLinear', [integers, graph.floats(2 ** outputValues.unitExponent), zero]);
}

/** The sums of S, saturated where 16 bits end, and the class. */
function addLogits(graph: GraphBuilder, sum: string, { sumUnitExponent }: IntegerWeightedOp): void {
  const unit = 2 ** sumUnitExponent;
  const saturated = graph.node('Clip', [sum, graph.floats(-32768 * unit), graph.floats(32767 * unit)]);
  const logits = graph.node('Flatten', [saturated], { axis: 1 }, 'logits');
  graph.node('ArgMax', [logits], { axis: 1, keepdims: 0 }, 'class');
}
