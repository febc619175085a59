import * as tf from '@tensorflow/tfjs-core';
import { sumToChannels } from './reduce.ts';
import { crop, inputGradientSides, type Shape4, type Strides, spaceOut } from './windows.ts';
import { withGradient } from './with-gradient.ts';

/**
 * Depthwise convolution of x [batch, rows, cols, channels] with kernel [rows, cols, channels, multiplier], valid
 * padding, plus bias. Output channel = channel * multiplier + m.
 */
export function depthwise(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  bias: tf.Tensor1D,
  strides: Strides,
): tf.Tensor4D {
  return withGradient<tf.Tensor4D>(
    [x, kernel, bias],
    () => ({ value: tf.add(products(x, kernel, strides), bias), saved: [x, kernel] }),
    (dy, [input, filter]) => [
      inputGradient(x.shape, filter as tf.Tensor4D, dy, strides),
      kernelGradient(input as tf.Tensor4D, kernel.shape, dy, strides),
      sumToChannels(dy),
    ],
  );
}

/** Unequal strides are not in every backend: there every place is computed, and the strides pick among them. */
function products(x: tf.Tensor4D, kernel: tf.Tensor4D, { strideRows, strideCols }: Strides): tf.Tensor4D {
  if (strideRows === strideCols) return tf.depthwiseConv2d(x, kernel, strideRows, 'valid');
  const all = tf.depthwiseConv2d(x, kernel, 1, 'valid');
  return tf.stridedSlice(all, [0, 0, 0, 0], all.shape, [1, strideRows, strideCols, 1]) as tf.Tensor4D;
}

/** Padded dy under the flipped kernel, one group an output channel, summed over each channel's multiples. */
function inputGradient(
  [batch, rows, cols, channels]: Shape4,
  kernel: tf.Tensor4D,
  dy: tf.Tensor4D,
  strides: Strides,
): tf.Tensor4D {
  const [kernelRows, kernelCols, , multiplier] = kernel.shape;
  const outputs = channels * multiplier;
  const flipped = tf.reshape(tf.reverse(kernel, [0, 1]), [kernelRows, kernelCols, outputs, 1]);
  const spaced = spaceOut(dy, strides);
  const pad = inputGradientSides([batch, rows, cols, channels], kernel.shape, spaced.shape, 0);
  const full = tf.depthwiseConv2d(tf.pad(spaced, pad), flipped as tf.Tensor4D, 1, 'valid');
  const multiples = crop(full, [batch, rows, cols, outputs]);
  if (multiplier === 1) return multiples;
  const sums = tf.sum(tf.reshape(multiples, [batch * rows * cols, channels, multiplier]), 2);
  return tf.reshape(sums, [batch, rows, cols, channels]);
}

/** For every kernel element the products of dy with the inputs it met, summed over the batch and all places. */
function kernelGradient(
  x: tf.Tensor4D,
  [kernelRows, kernelCols, channels, multiplier]: Shape4,
  dy: tf.Tensor4D,
  { strideRows, strideCols }: Strides,
): tf.Tensor4D {
  const [batch, rows, cols, outputs] = dy.shape;
  const places = batch * rows * cols;
  const slopes = tf.reshape(dy, [places, channels, multiplier]);
  const sums: tf.Tensor1D[] = [];
  for (let row = 0; row < kernelRows; row++) {
    for (let col = 0; col < kernelCols; col++) {
      const endRow = row + (rows - 1) * strideRows + 1;
      const endCol = col + (cols - 1) * strideCols + 1;
      const end = [batch, endRow, endCol, channels];
      const met = tf.stridedSlice(x, [0, row, col, 0], end, [1, strideRows, strideCols, 1]);
      const terms = tf.mul(tf.reshape(met, [places, channels, 1]), slopes);
      sums.push(sumToChannels(tf.reshape(terms, [batch, rows, cols, outputs])));
    }
  }
  return tf.reshape(tf.stack(sums), [kernelRows, kernelCols, channels, multiplier]);
}
