import { checkNetwork } from './check.ts';
import type { ConvolutionWindow, Layer, WeightedBits } from './layer.ts';
import { convolvedShape, pooledShape } from './output-shape.ts';
import type { ActivationQuantizer, Op, ParameterKind, ParameterSlot, Program } from './program.ts';
import { elements, type Shape } from './shape.ts';

type Weights = Pick<
  Extract<Op, { kind: 'dense' }>,
  'kernel' | 'bias' | 'weightBits' | 'biasBits' | 'weightThreshold' | 'biasThreshold'
> & { readonly activationThreshold: ParameterSlot };

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
  for (const [index, layer] of layers.entries()) {
    const ops = lowerLayer(layer, index, shape, builder);
    builder.ops.push(...ops);
    shape = ops.at(-1)!.output;
  }
  const { ops, slots, parameterCount } = builder;
  return { layers, input, output: shape, ops, slots, parameterCount };
}

/** Collects ops and parameter slots; `nextOp` is the index that the next op will get. */
class ProgramBuilder {
  readonly ops: Op[] = [];
  readonly slots: ParameterSlot[] = [];
  parameterCount = 0;

  slot(kind: ParameterKind, layer: number, op: number, shape: readonly number[]): ParameterSlot {
    const length = shape.reduce((product, axis) => product * axis, 1);
    const slot = { kind, layer, op, shape, offset: this.parameterCount, length };
    this.slots.push(slot);
    this.parameterCount += length;
    return slot;
  }

  /** Slots of one layer's weighted ops, all kernels and biases before all thresholds. */
  weights(
    layer: number,
    bits: WeightedBits,
    kernels: readonly { shape: readonly number[]; outputs: number }[],
  ): Weights[] {
    const first = this.ops.length;
    const pairs = kernels.map(({ shape, outputs }, i) => ({
      kernel: this.slot('kernel', layer, first + i, shape),
      bias: this.slot('bias', layer, first + i, [outputs]),
    }));
    return pairs.map((pair, i) => ({
      ...pair,
      weightBits: bits.weightBits,
      biasBits: bits.biasBits,
      weightThreshold: this.slot('weightThreshold', layer, first + i, []),
      biasThreshold: this.slot('biasThreshold', layer, first + i, []),
      activationThreshold: this.slot('activationThreshold', layer, first + i, []),
    }));
  }
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
