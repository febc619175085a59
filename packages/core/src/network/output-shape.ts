import type { ConvolutionWindow } from './layer.ts';
import type { Shape } from './shape.ts';

/** Shape after pooling by `pool`, which divides both axes. */
export function pooledShape(input: Shape, pool: number): Shape {
  return { rows: input.rows / pool, cols: input.cols / pool, channels: input.channels };
}

/** Shape after a valid-padded convolution: floor((axis - kernel) / stride) + 1. */
export function convolvedShape(input: Shape, window: ConvolutionWindow, channels: number): Shape {
  return {
    rows: Math.floor((input.rows - window.kernelRows) / window.strideRows) + 1,
    cols: Math.floor((input.cols - window.kernelCols) / window.strideCols) + 1,
    channels,
  };
}
