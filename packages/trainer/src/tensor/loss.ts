import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.ts';

const leastProbability = 1e-7;

/**
 * Mean categorical cross-entropy of logits [batch, classes] under one-hot targets, over softmax probabilities
 * clipped to [1e-7, 1 - 1e-7]. An image whose target's probability is clipped has gradient 0.
 */
export function meanCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  return withGradient<tf.Scalar>(
    [logits],
    () => {
      const probabilities = tf.softmax(logits);
      const picked = tf.sum(tf.mul(probabilities, targets), 1, true);
      const clipped = tf.clipByValue(picked, leastProbability, 1 - leastProbability);
      const isClipped = tf.step(tf.abs(tf.sub(picked, clipped)));
      return { value: tf.neg(tf.mean(tf.log(clipped))), saved: [probabilities, targets, isClipped] };
    },
    (dy, [probabilities, expected, isClipped]) => {
      const perImage = tf.mul(tf.div(dy, logits.shape[0]), tf.sub(1, isClipped!));
      return [tf.mul(tf.sub(probabilities!, expected!), perImage)];
    },
  );
}
