import type { Op, Program, WeightedOp } from '../../network/program.ts';
import type { StageName } from '../../protocol/protocol.ts';
import { quantizationMode } from '../../protocol/quantization-mode.ts';
import type { KerasLayer, KerasWeight } from './keras-layer.ts';
import { floorFunction } from './lambda.ts';

/** Settings that say which stage a quantized layer is in: `fp` bypasses its quantizers, `qt` moves its scales. */
interface StageConfig {
  readonly fp: boolean;
  readonly qt: 0 | 1;
}

function stageConfig(stage: StageName): StageConfig {
  const mode = quantizationMode(stage);
  return { fp: mode === 'none', qt: mode === 'moving' ? 1 : 0 };
}

/** The network as Keras layers, in order, from the input to the softmax. */
export function kerasLayers(program: Program, stage: StageName): KerasLayer[] {
  const { rows, cols, channels } = program.input;
  const layers = [
    plain('InputLayer', {
      batch_input_shape: [null, rows, cols, channels],
      dtype: 'float32',
      sparse: false,
    }),
  ];
  let flat = false;
  for (const op of program.ops) {
    const wantsFlat: boolean = op.kind === 'dense' || (flat && shapeless.includes(op.kind));
    if (wantsFlat && !flat) layers.push(plain('Flatten', { data_format: 'channels_last' }));
    if (flat && !wantsFlat) layers.push(plain('Reshape', { target_shape: [1, 1, op.input.channels] }));
    flat = wantsFlat;
    layers.push(...layersOf(program, op, stage));
  }
  return [...layers, plain('Activation', { activation: 'softmax' })];
}

/** Ops that take what dense layers give as they take feature maps. */
const shapeless: readonly Op['kind'][] = ['dropout', 'quantize'];

/** A layer that only Keras needs. */
function plain(className: string, config: KerasLayer['config']): KerasLayer {
  return { className, config, weights: [], layer: null };
}

function layersOf(program: Program, op: Op, stage: StageName): KerasLayer[] {
  const quantized = stageConfig(stage);
  const { layer } = op;
  switch (op.kind) {
    case 'average-pool':
      return [
        { className: 'AveragePooling2D', config: poolConfig(op.pool), weights: [], layer },
        {
          className: 'Lambda',
          config: {
            function: floorFunction,
            function_type: 'function',
            output_shape: null,
            output_shape_type: 'raw',
            arguments: { bits: op.quantizer.bits, fp: quantized.fp },
          },
          weights: [],
          layer,
        },
      ];
    case 'max-pool':
      return [{ className: 'MaxPooling2D', config: poolConfig(op.pool), weights: [], layer }];
    case 'dropout':
      return [
        {
          className: 'Dropout',
          config: { rate: op.rate, noise_shape: null, seed: null },
          weights: [],
          layer,
        },
      ];
    case 'quantize': {
      const weights = [{ name: 'a_log_threshold', slot: op.quantizer.threshold! }];
      const quantize = {
        className: 'QuantQ',
        config: { aq: op.quantizer.bits, ...quantized },
        weights,
        layer,
      };
      if (program.layers[layer]!.code === 'Q') return [quantize];
      return [{ className: 'GaussianNoise', config: { stddev: op.stddev }, weights: [], layer }, quantize];
    }
    default:
      return weightedLayer(program, op, quantized);
  }
}

function weightedLayer(program: Program, op: WeightedOp, stage: StageConfig): KerasLayer[] {
  const { layer } = op;
  const bits = { wq: op.weightBits, bq: op.biasBits, aq: op.quantizer.bits, ...stage };
  if (program.layers[layer]!.code === 'R') {
    // Its one Keras layer stands where the block ends.
    if (op.kind !== 'convolution' || op.skipFromInputOf === null) return [];
    const [weights1, thresholds1] = weightsOf(program.ops[op.skipFromInputOf] as WeightedOp, '1');
    const [weights2, thresholds2] = weightsOf(op, '2');
    const weights = [...weights1, ...weights2, ...thresholds1, ...thresholds2];
    return [{ className: 'ResidQ', config: bits, weights, layer }];
  }
  const weights = weightsOf(op, '').flat();
  const activation = op.kind !== 'depthwise' && op.relu ? 'relu' : 'linear';
  if (op.kind === 'dense') {
    const config = { output_dim: op.output.channels, activation, ...bits };
    return [{ className: 'DenseQ', config, weights, layer }];
  }
  const window = {
    kernel_size: [op.kernelRows, op.kernelCols],
    strides: [op.strideRows, op.strideCols],
    padding: 'valid',
    activation,
    ...bits,
  };
  return op.kind === 'depthwise'
    ? [{ className: 'ThinConvQ', config: { multiplier: op.multiplier, ...window }, weights, layer }]
    : [{ className: 'ConvQ', config: { output_dim: op.output.channels, ...window }, weights, layer }];
}

/** Kernel and bias, and apart from them the thresholds: R has two of each. */
function weightsOf(op: WeightedOp, suffix: '' | '1' | '2'): [KerasWeight[], KerasWeight[]] {
  return [
    [
      { name: `kernel${suffix}`, slot: op.kernel },
      { name: `bias${suffix}`, slot: op.bias },
    ],
    [
      { name: `w_log_threshold${suffix}`, slot: op.weightThreshold },
      { name: `b_log_threshold${suffix}`, slot: op.biasThreshold },
      { name: `a_log_threshold${suffix}`, slot: op.quantizer.threshold! },
    ],
  ];
}

function poolConfig(pool: number) {
  return {
    pool_size: [pool, pool],
    strides: [pool, pool],
    padding: 'valid',
    data_format: 'channels_last',
  };
}
