import * as tf from '@tensorflow/tfjs-core';

export type Shape4 = tf.Tensor4D['shape'];
export type Sides = [[number, number], [number, number], [number, number], [number, number]];

export interface Strides {
  readonly strideRows: number;
  readonly strideCols: number;
}

/** Zeros around a [batch, rows, cols, channels] tensor. */
export function sides(top: number, bottom: number, left: number, right: number): Sides {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** Puts stride - 1 zeros after every row and column, so that a strided convolution becomes one of stride 1. */
export function spaceOut(dy: tf.Tensor4D, { strideRows, strideCols }: Strides): tf.Tensor4D {
  if (strideRows === 1 && strideCols === 1) return dy;
  const [batch, rows, cols, channels] = dy.shape;
  const first = Array.from({ length: strideRows * strideCols }, (_, i) => (i === 0 ? 1 : 0));
  const spaced = tf.mul(
    tf.reshape(dy, [batch * rows, 1, cols, 1, channels]),
    tf.tensor(first, [1, strideRows, 1, strideCols, 1]),
  );
  return tf.reshape(spaced, [batch, rows * strideRows, cols * strideCols, channels]);
}

/** Zeros around a spaced dy under which the flipped kernel gives a number for every element of the input. */
export function inputGradientSides(
  [, rows, cols]: Shape4,
  [kernelRows, kernelCols]: Shape4,
  [, spacedRows, spacedCols]: Shape4,
  padding: number,
): Sides {
  return sides(
    kernelRows - 1 - padding,
    Math.max(0, rows + padding - spacedRows),
    kernelCols - 1 - padding,
    Math.max(0, cols + padding - spacedCols),
  );
}

/** The leading part of x in the given shape. */
export function crop(x: tf.Tensor4D, shape: Shape4): tf.Tensor4D {
  return x.shape.every((length, axis) => length === shape[axis]) ? x : tf.slice(x, [0, 0, 0, 0], shape);
}
