import { NetworkError } from '../../network/network-error.ts';
import type { AveragePoolOp, Op, ParameterSlot, Program, WeightedOp } from '../../network/program.ts';
import { integersOf, unitExponent } from '../../quantization/integers.ts';
import { weightQuantizer } from '../../quantization/quantizer.ts';
import {
  accumulatorLimit,
  hull,
  type Interval,
  productIntervals,
  sumIntervals,
  withZero,
} from './accumulator.ts';
import type { IntegerAveragePool, IntegerOp, IntegerProgram, IntegerWeightedOp } from './integer-program.ts';
import { type QuantizedNetwork, requantizationTo, valuesBefore } from './values.ts';

/**
 * Turns a quantized network into integers and shifts.
 * @throws NetworkError naming the layer whose sums could leave the 32 bits of an accumulator for some input
 */
export function compileIntegerNetwork(network: QuantizedNetwork): IntegerProgram {
  const { layers, input, output, ops } = network.program;
  return { layers, input, output, ops: ops.map((op, index) => compileOp(network, op, index)) };
}

function compileOp(network: QuantizedNetwork, op: Op, index: number): IntegerOp {
  const base = baseOf(network, op, index);
  switch (op.kind) {
    case 'max-pool':
      return { ...base, kind: 'max-pool', pool: op.pool };
    case 'dropout':
      return { ...base, kind: 'dropout' };
    case 'average-pool':
      return compileAveragePool(network, op, base);
    case 'quantize': {
      const { unitExponent } = base.inputValues;
      return {
        ...base,
        kind: 'quantize',
        requantization: requantizationTo(op.quantizer, unitExponent, network.parameters),
      };
    }
    default:
      return compileWeighted(network, op, index);
  }
}

function baseOf(network: QuantizedNetwork, op: Op, index: number) {
  return {
    layer: op.layer,
    input: op.input,
    output: op.output,
    inputValues: valuesBefore(network, index),
    outputValues: valuesBefore(network, index + 1),
  };
}

function compileAveragePool(
  { program }: QuantizedNetwork,
  op: AveragePoolOp,
  base: ReturnType<typeof baseOf>,
): IntegerAveragePool {
  const shift = base.outputValues.unitExponent - base.inputValues.unitExponent;
  const square = withZero(base.inputValues);
  const area = op.pool * op.pool;
  const leftShift = Math.max(0, -shift);
  refuseOverflow(program, op, {
    lowest: square.lowest * area,
    highest: square.highest * area * 2 ** leftShift,
  });
  return { ...base, kind: 'average-pool', pool: op.pool, rightShift: Math.min(shift, 31) };
}

function compileWeighted(network: QuantizedNetwork, op: WeightedOp, index: number): IntegerWeightedOp {
  const { program, parameters } = network;
  const base = baseOf(network, op, index);
  const { inputValues } = base;
  const kernel = readWeights(parameters, op.kernel, op.weightThreshold, op.weightBits);
  const bias = readWeights(parameters, op.bias, op.biasThreshold, op.biasBits);
  const skipFrom = op.kind === 'convolution' ? op.skipFromInputOf : null;
  const skipValues = skipFrom === null ? null : valuesBefore(network, skipFrom);

  const productUnit = kernel.unitExponent + inputValues.unitExponent;
  const units = [productUnit, bias.unitExponent, ...(skipValues === null ? [] : [skipValues.unitExponent])];
  const sumUnitExponent = Math.min(...units);
  const products = productIntervals(kernel.integers, op.output.channels, inputValues);
  const skipped =
    skipValues === null ? [] : [withZero(skipValues, skipValues.unitExponent - sumUnitExponent)];
  const sums = products.map((interval, channel) => {
    const value = bias.integers[channel]!;
    return sumIntervals([
      withZero(interval, productUnit - sumUnitExponent),
      withZero({ lowest: value, highest: value }, bias.unitExponent - sumUnitExponent),
      ...skipped,
    ]);
  });
  const { lowest, highest } = refuseOverflow(program, op, hull(sums));
  const weighted = {
    ...base,
    kernel: kernel.integers,
    kernelShape: op.kernel.shape,
    weightBits: op.weightBits,
    bias: bias.integers,
    biasBits: op.biasBits,
    // Only zeros could have gone further to the left.
    accumulatorShift: Math.min(productUnit - sumUnitExponent, 31),
    biasShift: Math.min(bias.unitExponent - sumUnitExponent, 31),
    sumUnitExponent,
    lowestSum: lowest,
    highestSum: highest,
    requantization: requantizationTo(op.quantizer, sumUnitExponent, parameters),
  };
  switch (op.kind) {
    case 'dense':
      return { ...weighted, kind: 'dense', relu: op.relu };
    case 'depthwise': {
      const { kernelRows, kernelCols, strideRows, strideCols, multiplier } = op;
      const window = { kernelRows, kernelCols, strideRows, strideCols };
      return { ...weighted, kind: 'depthwise', relu: false, ...window, multiplier };
    }
    case 'convolution': {
      const { kernelRows, kernelCols, strideRows, strideCols, padding, relu } = op;
      const window = { kernelRows, kernelCols, strideRows, strideCols, padding };
      const skip =
        skipFrom === null || skipValues === null
          ? null
          : { fromInputOf: skipFrom, shift: skipValues.unitExponent - sumUnitExponent };
      return { ...weighted, kind: 'convolution', relu, ...window, skip };
    }
  }
}

function readWeights(
  parameters: Float32Array,
  values: ParameterSlot,
  threshold: ParameterSlot,
  bits: number,
) {
  const quantizer = weightQuantizer(bits);
  const log2Threshold = parameters[threshold.offset]!;
  const floats = parameters.subarray(values.offset, values.offset + values.length);
  return {
    integers: integersOf(floats, quantizer, log2Threshold),
    unitExponent: unitExponent(quantizer, log2Threshold),
  };
}

function refuseOverflow(program: Program, op: Op, sums: Interval): Interval {
  const { lowest, highest } = sums;
  if (-lowest <= accumulatorLimit && highest <= accumulatorLimit) return sums;
  const value = -lowest > highest ? lowest : highest;
  const expected = `sums within ${accumulatorLimit}`;
  const { code } = program.layers[op.layer]!;
  throw new NetworkError(
    { layer: op.layer, code, field: 'accumulator', value, expected },
    `some input drives a sum to ${value}, which overflows a 32-bit accumulator; expected ${expected}`,
  );
}
