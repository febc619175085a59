import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.ts';

/** max(x, 0), with no gradient at 0. */
export function relu<T extends tf.Tensor>(x: T): T {
  return withGradient<T>(
    [x],
    () => {
      const value = tf.relu(x);
      return { value, saved: [value] };
    },
    (dy, [value]) => [tf.mul(dy, tf.step(value!))],
  );
}

/** a + b of equal shapes: a skip connection. */
export function addSkip<T extends tf.Tensor>(a: T, b: T): T {
  return withGradient<T>(
    [a, b],
    () => ({ value: tf.add(a, b) as T, saved: [] }),
    (dy) => [tf.clone(dy), tf.clone(dy)],
  );
}

/** x + noise of the same shape, a constant. */
export function addNoise<T extends tf.Tensor>(x: T, noise: T): T {
  return withGradient<T>(
    [x],
    () => ({ value: tf.add(x, noise) as T, saved: [] }),
    (dy) => [tf.clone(dy)],
  );
}

/** x times factors of the same shape, constants: dropout. */
export function scaleBy<T extends tf.Tensor>(x: T, factors: T): T {
  return withGradient<T>(
    [x],
    () => ({ value: tf.mul(x, factors) as T, saved: [factors] }),
    (dy, [kept]) => [tf.mul(dy, kept!)],
  );
}

/** The same elements in another shape. */
export function reshape<T extends tf.Tensor>(x: tf.Tensor, shape: number[]): T {
  return withGradient<T>(
    [x],
    () => ({ value: tf.reshape(x, shape) as T, saved: [] }),
    (dy) => [tf.reshape(dy, x.shape)],
  );
}
