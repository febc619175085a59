import { checkLayer, checkNetwork, checkSize } from './check.ts';
import { pixelQuantizer } from './input-quantizer.ts';
import type { ConvolutionWindow, Layer, WeightedBits } from './layer.ts';
import { convolvedShape, pooledShape } from './output-shape.ts';
import type { ActivationQuantizer, Op, ParameterSlot, Program } from './program.ts';
import { ProgramBuilder, type Weights } from './program-builder.ts';
import { elements, type Shape } from './shape.ts';

/**
 * Lowers a network to its ops and lays out its parameters. File order: for each layer its kernels and biases
 * (kernel 1, bias 1, kernel 2, bias 2 for R and DSC), then the w, b and a thresholds of each weighted op; N and Q
 * have one activation threshold.
 * @throws NetworkError where the layers do not make a network for this input.
 */
export function lowerNetwork(layers: readonly Layer[], input: Shape): Program {
  checkNetwork(layers, input);
  const builder = new ProgramBuilder();
  let shape = input;
  let bits = pixelQuantizer.bits;
  for (const [index, layer] of layers.entries()) {
    checkLayer(layer, index, shape, bits);
    const ops = lowerLayer(layer, index, shape, builder);
    builder.ops.push(...ops);
    checkSize(layer, index, builder.parameterCount, ops);
    shape = ops.at(-1)!.output;
    bits = layer.activationBits;
  }
  const { ops, slots, parameterCount } = builder;
  return { layers, input, output: shape, ops, slots, parameterCount };
}

function lowerLayer(layer: Layer, index: number, input: Shape, builder: ProgramBuilder): Op[] {
  const base = { layer: index, input };
  switch (layer.code) {
    case 'A': {
      const quantizer = {
        bits: layer.activationBits,
        signed: false,
        rounding: 'floor',
        threshold: null,
      } as const;
      return [
        {
          ...base,
          kind: 'average-pool',
          pool: layer.pool,
          output: pooledShape(input, layer.pool),
          quantizer,
        },
      ];
    }
    case 'M':
      return [{ ...base, kind: 'max-pool', pool: layer.pool, output: pooledShape(input, layer.pool) }];
    case 'D':
      return [{ ...base, kind: 'dropout', rate: layer.rate, output: input }];
    case 'N':
    case 'Q': {
      const threshold = builder.slot('activationThreshold', index, builder.ops.length, []);
      const stddev = layer.code === 'N' ? layer.stddev : 0;
      return [
        { ...base, kind: 'quantize', stddev, output: input, quantizer: halfEven(layer, true, threshold) },
      ];
    }
    case 'F':
    case 'S': {
      const relu = layer.code === 'F';
      const kernel = { shape: [elements(input), layer.units], outputs: layer.units };
      const [weights] = builder.weights(index, layer, [kernel]);
      const output = { rows: 1, cols: 1, channels: layer.units };
      return [{ ...base, kind: 'dense', relu, output, ...withQuantizer(layer, weights!, relu) }];
    }
    case 'C':
    case 'CN': {
      const relu = layer.code === 'C';
      const [weights] = builder.weights(index, layer, [
        convolutionKernel(layer, input.channels, layer.filters),
      ]);
      return [convolution(layer, index, input, layer.filters, relu, withQuantizer(layer, weights!, relu))];
    }
    case 'T': {
      const { multiplier } = layer;
      const [weights] = builder.weights(index, layer, [depthwiseKernel(layer, input.channels, multiplier)]);
      return [depthwise(layer, index, input, multiplier, withQuantizer(layer, weights!, false))];
    }
    case 'DSC': {
      const point = { kernelRows: 1, kernelCols: 1, strideRows: 1, strideCols: 1 };
      const [first, second] = builder.weights(index, layer, [
        depthwiseKernel(layer, input.channels, 1),
        convolutionKernel(point, input.channels, layer.filters),
      ]);
      const spatial = depthwise(layer, index, input, 1, withQuantizer(layer, first!, false));
      const mixing = withQuantizer(layer, second!, true);
      return [spatial, convolution(point, index, spatial.output, layer.filters, true, mixing)];
    }
    case 'R':
      return residual(layer, index, input, builder);
  }
}

function residual(
  layer: Extract<Layer, { code: 'R' }>,
  index: number,
  input: Shape,
  builder: ProgramBuilder,
): Op[] {
  const window = { kernelRows: 3, kernelCols: 3, strideRows: 1, strideCols: 1 };
  const kernel = convolutionKernel(window, input.channels, input.channels);
  const blockInput = builder.ops.length;
  return builder.weights(index, layer, [kernel, kernel]).map((weights, i) => ({
    kind: 'convolution',
    layer: index,
    input,
    output: input,
    ...window,
    padding: 1,
    relu: true,
    skipFromInputOf: i === 0 ? null : blockInput,
    ...withQuantizer(layer, weights, true),
  }));
}

function convolution(
  { kernelRows, kernelCols, strideRows, strideCols }: ConvolutionWindow,
  layer: number,
  input: Shape,
  filters: number,
  relu: boolean,
  weights: ReturnType<typeof withQuantizer>,
): Op {
  const window = { kernelRows, kernelCols, strideRows, strideCols };
  const output = convolvedShape(input, window, filters);
  return {
    kind: 'convolution',
    layer,
    input,
    output,
    ...window,
    padding: 0,
    relu,
    skipFromInputOf: null,
    ...weights,
  };
}

function depthwise(
  { kernelRows, kernelCols, strideRows, strideCols }: ConvolutionWindow,
  layer: number,
  input: Shape,
  multiplier: number,
  weights: ReturnType<typeof withQuantizer>,
): Op {
  const window = { kernelRows, kernelCols, strideRows, strideCols };
  const output = convolvedShape(input, window, input.channels * multiplier);
  return { kind: 'depthwise', layer, input, output, ...window, multiplier, ...weights };
}

function convolutionKernel(window: ConvolutionWindow, channels: number, filters: number) {
  return { shape: [window.kernelRows, window.kernelCols, channels, filters], outputs: filters };
}

function depthwiseKernel(window: ConvolutionWindow, channels: number, multiplier: number) {
  return {
    shape: [window.kernelRows, window.kernelCols, channels, multiplier],
    outputs: channels * multiplier,
  };
}

function withQuantizer(bits: WeightedBits, { activationThreshold, ...weights }: Weights, relu: boolean) {
  return { ...weights, quantizer: halfEven(bits, !relu, activationThreshold) };
}

function halfEven(
  { activationBits }: { readonly activationBits: number },
  signed: boolean,
  threshold: ParameterSlot,
): ActivationQuantizer {
  return { bits: activationBits, signed, rounding: 'half-even', threshold };
}
