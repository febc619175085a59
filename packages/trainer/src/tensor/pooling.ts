import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.ts';

/** Mean of every pool x pool square of [batch, rows, cols, channels]; pool divides both axes. */
export function averagePool(x: tf.Tensor4D, pool: number): tf.Tensor4D {
  return withGradient<tf.Tensor4D>(
    [x],
    () => ({ value: meanOfSquares(x, pool), saved: [] }),
    (dy) => {
      const share = tf.fill([1, pool, 1, pool, 1], 1 / pool ** 2);
      return [tf.reshape(tf.mul(squareResults(dy), share), x.shape)];
    },
  );
}

/**
 * Native average pooling multiplies by a rounded 1 / pool^2, which is exact for powers of two alone; else the sum
 * is divided, so that A's floor sees the same quotient as the integer engine.
 */
function meanOfSquares(x: tf.Tensor4D, pool: number): tf.Tensor4D {
  if (Number.isInteger(Math.log2(pool))) return tf.avgPool(x, pool, pool, 'valid');
  const ones = tf.ones<tf.Rank.R4>([pool, pool, x.shape[3], 1]);
  return tf.div(tf.depthwiseConv2d(x, ones, pool, 'valid'), pool ** 2);
}

/**
 * Largest of every pool x pool square; pool divides both axes. On a tie the gradient goes to the first of the
 * largest in row-major order, on every backend: the native gradients differ, so it is made of other operations.
 */
export function maxPool(x: tf.Tensor4D, pool: number): tf.Tensor4D {
  return withGradient<tf.Tensor4D>(
    [x],
    () => {
      const value = largestOfSquares(x, pool);
      return { value, saved: [x, value] };
    },
    (dy, [input, largest]) => {
      const isLargest = equal(squareElements(input!, pool), squareResults(largest!));
      const score = tf.mul(isLargest, placeScores(pool));
      const best = largestOfSquares(tf.reshape(score, x.shape), pool);
      const isFirst = equal(score, squareResults(best));
      return [tf.reshape(tf.mul(isFirst, squareResults(dy)), x.shape)];
    },
  );
}

function largestOfSquares(x: tf.Tensor4D, pool: number): tf.Tensor4D {
  return tf.maxPool(x, pool, pool, 'valid');
}

/** View of x in which axes 1 and 3 are the place within a square. */
function squareElements(x: tf.Tensor, pool: number): tf.Tensor {
  const [batch, rows, cols, channels] = x.shape as tf.Tensor4D['shape'];
  return tf.reshape(x, [(batch * rows) / pool, pool, cols / pool, pool, channels]);
}

/** View of one number a square that broadcasts against `squareElements`. */
function squareResults(y: tf.Tensor): tf.Tensor {
  const [batch, rows, cols, channels] = y.shape as tf.Tensor4D['shape'];
  return tf.reshape(y, [batch * rows, 1, cols, 1, channels]);
}

/** pool^2 for the first place of a square in row-major order, down to 1 for the last. */
function placeScores(pool: number): tf.Tensor {
  const scores = Array.from({ length: pool ** 2 }, (_, place) => pool ** 2 - place);
  return tf.tensor(scores, [1, pool, 1, pool, 1]);
}

/** 1 where a equals b, else 0. */
function equal(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sub(1, tf.step(tf.abs(tf.sub(a, b))));
}
