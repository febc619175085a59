import * as tf from '@tensorflow/tfjs-core';

/** A value, and the tensors that its gradient needs. Others made on the way are freed after the forward pass. */
export interface Forward<T extends tf.Tensor> {
  readonly value: T;
  readonly saved: readonly tf.Tensor[];
}

/**
 * An operation with a gradient of our own: tfjs-core by itself registers none. `gradient` gives one tensor an
 * input, in order and of its shape; none of them may be dy itself.
 */
export function withGradient<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: () => Forward<T>,
  gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): T {
  const op = tf.customGrad((...args) => {
    const { value, saved } = forward();
    const save = args.at(-1) as tf.GradSaveFunc;
    save([...saved]);
    return { value, gradFunc: (dy: T, kept: tf.Tensor[]) => [...gradient(dy, kept)] };
  });
  return op(...inputs) as T;
}
