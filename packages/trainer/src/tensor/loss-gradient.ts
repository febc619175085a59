import {
  type ParameterSlot,
  type Program,
  quantizationMode,
  type StageName,
  type Stream,
} from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LabelledImages } from '../trainer.ts';
import { imageTensor, targetTensor } from './batch.ts';
import { forward } from './forward.ts';
import { meanCrossEntropy } from './loss.ts';

/** A batch of one optimizer step. */
export interface TrainingBatch {
  readonly data: LabelledImages;
  /** Indices into `data`. */
  readonly indices: Uint32Array;
  readonly draws: Stream;
  /** Counts from 0 over the whole trial. */
  readonly step: number;
}

/**
 * The mean loss of a batch and its gradient by every float of the flat parameter vector (0 for the thresholds of
 * a stage that does not move them), as one tensor [1 + parameterCount of the trained slots]: see `splitResult`.
 * Runs synchronously on the current backend and leaves nothing else behind.
 */
export function lossAndGradient(
  program: Program,
  stage: StageName,
  parameters: Float32Array,
  batch: TrainingBatch,
): tf.Tensor1D {
  return tf.tidy(() => {
    const slots = trainedSlots(program, stage);
    const values = slots.map((slot) => parameterTensor(slot, parameters));
    const images = imageTensor(batch.data, batch.indices, program.input);
    const targets = targetTensor(batch.data, batch.indices, program);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const pass = {
        program,
        parameters,
        tensors: new Map(slots.map((slot, i) => [slot.offset, tensors[i]!])),
        quantized: quantizationMode(stage) !== 'none',
        training: batch,
      };
      return meanCrossEntropy(forward(pass, images), targets);
    })(values);
    return tf.concat([tf.reshape(value, [1]), ...grads.map((grad) => tf.reshape(grad, [-1]))]) as tf.Tensor1D;
  });
}

/** Takes the numbers of `lossAndGradient` apart; `gradient` is filled in the layout of the parameter vector. */
export function splitResult(
  result: Float32Array,
  program: Program,
  stage: StageName,
  gradient: Float32Array,
): number {
  let from = 1;
  for (const { offset, length } of trainedSlots(program, stage)) {
    gradient.set(result.subarray(from, from + length), offset);
    from += length;
  }
  return result[0]!;
}

/** The logits [batch, classes] of images, with dropout and noise off. */
export function evaluationLogits(
  program: Program,
  stage: StageName,
  parameters: Float32Array,
  data: LabelledImages,
  indices: Uint32Array,
): tf.Tensor2D {
  return tf.tidy(() => {
    const weights = program.slots.filter(({ kind }) => kind === 'kernel' || kind === 'bias');
    const pass = {
      program,
      parameters,
      tensors: new Map(weights.map((slot) => [slot.offset, parameterTensor(slot, parameters)])),
      quantized: quantizationMode(stage) !== 'none',
      training: null,
    };
    return forward(pass, imageTensor(data, indices, program.input));
  });
}

function trainedSlots(program: Program, stage: StageName): readonly ParameterSlot[] {
  if (quantizationMode(stage) === 'moving') return program.slots;
  return program.slots.filter(({ kind }) => kind === 'kernel' || kind === 'bias');
}

function parameterTensor({ offset, length, shape }: ParameterSlot, parameters: Float32Array): tf.Tensor {
  return tf.tensor(parameters.slice(offset, offset + length), [...shape]);
}
