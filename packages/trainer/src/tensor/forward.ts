import {
  type ActivationQuantizer,
  elements,
  type Op,
  type ParameterSlot,
  type Program,
  type Stream,
  scaleOf,
  type UniformQuantizer,
  type WeightedOp,
  weightQuantizer,
} from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import { dropoutFactors, gaussianNoise } from '../randomness/layer-draws.ts';
import { addNoise, addSkip, relu, reshape, scaleBy } from './activation.ts';
import { convolution } from './convolution.ts';
import { depthwise } from './depthwise.ts';
import { averagePool, maxPool } from './pooling.ts';
import { quantize } from './quantizer.ts';

/** What decides the forward pass of one batch, besides its images. */
export interface Pass {
  readonly program: Program;
  /** The flat parameter vector, for the scales. */
  readonly parameters: Float32Array;
  /** Its slots as tensors, by their offset; thresholds only where they get gradients. */
  readonly tensors: ReadonlyMap<number, tf.Tensor>;
  /** False in the float stage, where every quantizer is the identity. */
  readonly quantized: boolean;
  /** Draws for dropout and noise in this optimizer step, or null in evaluation. */
  readonly training: { readonly draws: Stream; readonly step: number } | null;
}

/** The logits [batch, classes] of images [batch, rows, cols, channels], through S's quantizer if quantized. */
export function forward(pass: Pass, images: tf.Tensor4D): tf.Tensor2D {
  const inputs: tf.Tensor4D[] = [];
  let x = images;
  let trainedBefore = false;
  for (const [index, op] of pass.program.ops.entries()) {
    inputs.push(x);
    x = applyOp(pass, op, index, { x, inputs, trainedBefore });
    trainedBefore ||=
      'kernel' in op || (op.kind === 'quantize' && thresholdTensor(pass, op.quantizer) !== null);
  }
  return reshape(x, [x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]]);
}

interface OpInputs {
  readonly x: tf.Tensor4D;
  /** The inputs of all ops up to this one. */
  readonly inputs: readonly tf.Tensor4D[];
  /** Something before this op is trained, so that its input needs a gradient. */
  readonly trainedBefore: boolean;
}

function applyOp(pass: Pass, op: Op, index: number, opInputs: OpInputs): tf.Tensor4D {
  const { x, inputs } = opInputs;
  switch (op.kind) {
    case 'average-pool':
      return quantizeActivations(pass, averagePool(x, op.pool), op.quantizer, false);
    case 'max-pool':
      return maxPool(x, op.pool);
    case 'dropout': {
      if (pass.training === null || op.rate === 0) return x;
      const factors = dropoutFactors(pass.training.draws, op.rate, drawsOf(pass.training, op, index, x));
      return scaleBy(x, tf.tensor(factors, x.shape));
    }
    case 'quantize': {
      if (pass.training === null || op.stddev === 0) {
        return quantizeActivations(pass, x, op.quantizer, false);
      }
      const noise = gaussianNoise(pass.training.draws, op.stddev, drawsOf(pass.training, op, index, x));
      return quantizeActivations(pass, addNoise(x, tf.tensor(noise, x.shape)), op.quantizer, false);
    }
    default: {
      const sums = applyWeights(pass, op, opInputs);
      const skipOf = op.kind === 'convolution' ? op.skipFromInputOf : null;
      const summed = skipOf === null ? sums : addSkip(sums, inputs[skipOf]!);
      return quantizeActivations(pass, summed, op.quantizer, op.kind !== 'depthwise' && op.relu);
    }
  }
}

function drawsOf({ step }: { readonly step: number }, op: Op, index: number, x: tf.Tensor4D) {
  return { step, op: index, samples: x.shape[0], elements: elements(op.input) };
}

/** The op's sums with bias, before ReLU and quantizer. Dense layers are 1x1 convolutions of a 1x1 map. */
function applyWeights(pass: Pass, op: WeightedOp, { x, trainedBefore }: OpInputs): tf.Tensor4D {
  const kernel = quantizeWeights(pass, op.kernel, op.weightThreshold, op.weightBits);
  const bias = quantizeWeights(pass, op.bias, op.biasThreshold, op.biasBits) as tf.Tensor1D;
  switch (op.kind) {
    case 'convolution':
      return convolution(x, kernel as tf.Tensor4D, bias, op, trainedBefore);
    case 'depthwise':
      return depthwise(x, kernel as tf.Tensor4D, bias, op);
    case 'dense': {
      const flat = reshape<tf.Tensor4D>(x, [x.shape[0], 1, 1, elements(op.input)]);
      const filter = reshape<tf.Tensor4D>(kernel, [1, 1, ...op.kernel.shape]);
      return convolution(flat, filter, bias, { strideRows: 1, strideCols: 1, padding: 0 }, trainedBefore);
    }
  }
}

function quantizeWeights(
  pass: Pass,
  values: ParameterSlot,
  threshold: ParameterSlot,
  bits: number,
): tf.Tensor {
  const tensor = pass.tensors.get(values.offset)!;
  return pass.quantized ? quantizeBy(pass, tensor, weightQuantizer(bits), threshold, false) : tensor;
}

function quantizeActivations(
  pass: Pass,
  x: tf.Tensor4D,
  quantizer: ActivationQuantizer,
  withRelu: boolean,
): tf.Tensor4D {
  if (pass.quantized) return quantizeBy(pass, x, quantizer, quantizer.threshold, withRelu);
  return withRelu ? relu(x) : x;
}

function quantizeBy<T extends tf.Tensor>(
  pass: Pass,
  x: T,
  quantizer: UniformQuantizer,
  slot: ParameterSlot | null,
  withRelu: boolean,
): T {
  const scale = scaleOf(slot === null ? null : pass.parameters[slot.offset]!);
  const threshold = slot === null ? null : (pass.tensors.get(slot.offset) ?? null);
  return quantize(x, { quantizer, scale, threshold, relu: withRelu });
}

function thresholdTensor(pass: Pass, { threshold }: ActivationQuantizer): tf.Tensor | null {
  return threshold === null || !pass.quantized ? null : (pass.tensors.get(threshold.offset) ?? null);
}
