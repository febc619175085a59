import * as tf from '@tensorflow/tfjs-core';

/**
 * Makes the backend that tfjs-core knows by `name` the current one, starting it if need be.
 * @throws Error where it does not start: tfjs-core itself would say so with `false`, or go on with another
 */
export async function selectEngine(name: string): Promise<void> {
  while (tf.getBackend() !== name) {
    if (!(await tf.setBackend(name))) {
      throw new Error(`the tensor backend ${name} did not start; its own message is above`);
    }
  }
}
