import { type DatasetInfo, formatShape, type Layer, parseNetwork, type StageSettings } from '@bitkiln/core';
import { DatasetError } from '../dataset-error.ts';

/**
 * The strong network that filters deformed images. The paper's pads its convolutions (same padding); the network
 * language has valid padding, so ours loses a frame of pixels at each convolution, and it is smaller so that a
 * CPU trains it in minutes. For MNIST's 28x28 the first kernel is 5x5.
 * @throws DatasetError where the images are too small for it
 */
export function teacherNetwork({ name, shape, classes }: DatasetInfo): Layer[] {
  const smallest = 14;
  if (Math.min(shape.rows, shape.cols) < smallest) {
    const expected = `at least ${smallest}x${smallest} for the teacher of the published augmentation`;
    throw new DatasetError({ source: name, field: 'image size', value: formatShape(shape), expected });
  }
  const first = `C(16,${firstKernel(shape.rows)}x${firstKernel(shape.cols)})`;
  return parseNetwork(`${first} M(2) C(32,3x3) C(32,3x3) M(2) D(0.25) F(128) D(0.5) S(${classes})`);
}

/** The one kernel size from 3 to 6 after which both pools divide the axis. */
function firstKernel(axis: number): number {
  return 3 + ((axis - 2) % 4);
}

/** How the teacher is trained: on the images as they are, then on the filtered small deformations. */
export const teacherSettings: { readonly first: StageSettings; readonly second: StageSettings } = {
  first: {
    trials: 1,
    epochs: 12,
    batchSize: 256,
    learningRate: { initial: 0.003, decay: 0.8, minimum: 1e-4 },
  },
  second: {
    trials: 1,
    epochs: 6,
    batchSize: 512,
    learningRate: { initial: 0.003, decay: 0.6, minimum: 1e-4 },
  },
};
