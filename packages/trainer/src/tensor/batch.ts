import type { Program, Shape } from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LabelledImages } from '../trainer.ts';

/** Images [batch, rows, cols, channels] as the network sees them, pixel / 256, of the given indices. */
export function imageTensor(data: LabelledImages, indices: ArrayLike<number>, input: Shape): tf.Tensor4D {
  const { rows, cols, channels } = input;
  const size = rows * cols * channels;
  const values = new Float32Array(indices.length * size);
  for (let i = 0, to = 0; i < indices.length; i++) {
    const from = indices[i]! * size;
    for (let j = 0; j < size; j++) values[to++] = data.images[from + j]! / 256;
  }
  return tf.tensor4d(values, [indices.length, rows, cols, channels]);
}

/** One-hot targets [batch, classes] of the given indices. */
export function targetTensor(
  data: LabelledImages,
  indices: ArrayLike<number>,
  program: Program,
): tf.Tensor2D {
  const classes = program.output.channels;
  const values = new Float32Array(indices.length * classes);
  for (let i = 0; i < indices.length; i++) values[i * classes + data.labels[indices[i]!]!] = 1;
  return tf.tensor2d(values, [indices.length, classes]);
}
