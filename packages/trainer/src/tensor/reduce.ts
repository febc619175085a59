import * as tf from '@tensorflow/tfjs-core';

/**
 * Sum of every element, as a scalar: first within each row of the leading axis, then over the rows, so that the
 * rounding error grows with the square root of the count rather than with the count.
 */
export function sumAll(x: tf.Tensor): tf.Scalar {
  const rows = x.shape[0] ?? 1;
  return tf.sum(tf.sum(tf.reshape(x, [rows, -1]), 1));
}

/** Sums [batch, rows, cols, channels] over all but the last axis, in two steps for the same reason. */
export function sumToChannels(x: tf.Tensor4D): tf.Tensor1D {
  const [batch, rows, cols, channels] = x.shape;
  return tf.sum(tf.sum(tf.reshape(x, [batch, rows * cols, channels]), 1), 0);
}
