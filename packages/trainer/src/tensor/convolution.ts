import * as tf from '@tensorflow/tfjs-core';
import { sumToChannels } from './reduce.ts';
import { crop, inputGradientSides, type Shape4, type Strides, sides, spaceOut } from './windows.ts';
import { withGradient } from './with-gradient.ts';

/** Strides, and the zeros added on every side. */
export interface ConvolutionGeometry extends Strides {
  readonly padding: number;
}

/**
 * Convolution of x [batch, rows, cols, in] with kernel [rows, cols, in, out], plus bias. Its gradients are
 * convolutions too, since the wasm backend has no kernel for the filter's:
 * - to the kernel: x with channels as batch and batch as channels, under dy as the filter;
 * - to x: padded dy under the flipped kernel with its channels exchanged.
 * @param inputGradient false where nothing before x is trained: its gradient is then left out
 */
export function convolution(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  bias: tf.Tensor1D,
  geometry: ConvolutionGeometry,
  inputGradient: boolean,
): tf.Tensor4D {
  const { strideRows, strideCols, padding } = geometry;
  return withGradient<tf.Tensor4D>(
    inputGradient ? [kernel, bias, x] : [kernel, bias],
    () => {
      const pad = sides(padding, padding, padding, padding);
      const value = tf.fused.conv2d({ x, filter: kernel, bias, strides: [strideRows, strideCols], pad });
      return { value, saved: [x, kernel] };
    },
    (dy, [input, filter]) => {
      const spaced = spaceOut(dy, geometry);
      const parameters = [
        kernelGradient(input as tf.Tensor4D, spaced, kernel.shape, padding),
        sumToChannels(dy),
      ];
      if (!inputGradient) return parameters;
      const pad = inputGradientSides(x.shape, kernel.shape, spaced.shape, padding);
      return [...parameters, crop(tf.conv2d(spaced, flip(filter as tf.Tensor4D), 1, pad), x.shape)];
    },
  );
}

function kernelGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  [kernelRows, kernelCols, inputs, outputs]: Shape4,
  padding: number,
): tf.Tensor4D {
  const after = (kernel: number, length: number, slopes: number) =>
    padding + Math.max(0, kernel - 1 + slopes - (length + 2 * padding));
  const swapped = tf.conv2d(
    tf.transpose(x, [3, 1, 2, 0]),
    tf.transpose(dy, [1, 2, 0, 3]),
    1,
    sides(
      padding,
      after(kernelRows, x.shape[1], dy.shape[1]),
      padding,
      after(kernelCols, x.shape[2], dy.shape[2]),
    ),
  );
  return tf.transpose(crop(swapped, [inputs, kernelRows, kernelCols, outputs]), [1, 2, 0, 3]);
}

/** The kernel turned by half a turn, from outputs to inputs. */
function flip(kernel: tf.Tensor4D): tf.Tensor4D {
  return tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]);
}
