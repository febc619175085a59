import type { AveragePoolOp, ConvolutionOp, DenseOp, DepthwiseOp, MaxPoolOp } from '../../network/program.ts';
import { elements } from '../../network/shape.ts';

/*
 * One image's sums in double precision, row-major with channels last. Kernels keep the layout of the parameter
 * vector, and inputs that are 0 (half of them, after a ReLU) are skipped.
 */

/** out = the convolution of x with the kernel [rows, cols, in, out], without bias. */
export function convolve(op: ConvolutionOp, kernel: Float64Array, x: Float64Array, out: Float64Array): void {
  const { kernelRows, kernelCols, strideRows, strideCols, padding, input, output } = op;
  const inputs = input.channels;
  const filters = output.channels;
  out.fill(0);
  for (let row = 0, at = 0; row < output.rows; row++) {
    for (let col = 0; col < output.cols; col++, at += filters) {
      const top = row * strideRows - padding;
      const left = col * strideCols - padding;
      const firstCol = Math.max(0, -left);
      const endCol = Math.min(kernelCols, input.cols - left);
      const endRow = Math.min(kernelRows, input.rows - top);
      for (let kernelRow = Math.max(0, -top); kernelRow < endRow; kernelRow++) {
        let from = ((top + kernelRow) * input.cols + left + firstCol) * inputs;
        const end = from + (endCol - firstCol) * inputs;
        let weight = (kernelRow * kernelCols + firstCol) * inputs * filters;
        for (; from < end; from++, weight += filters) {
          const value = x[from]!;
          if (value === 0) continue;
          for (let filter = 0; filter < filters; filter++) {
            out[at + filter]! += value * kernel[weight + filter]!;
          }
        }
      }
    }
  }
}

/** out = the depthwise convolution of x with the kernel [rows, cols, channels, multiplier], without bias. */
export function convolveDepthwise(
  op: DepthwiseOp,
  kernel: Float64Array,
  x: Float64Array,
  out: Float64Array,
): void {
  const { kernelRows, kernelCols, strideRows, strideCols, multiplier, input, output } = op;
  const { channels } = input;
  out.fill(0);
  for (let row = 0, at = 0; row < output.rows; row++) {
    for (let col = 0; col < output.cols; col++, at += output.channels) {
      for (let kernelRow = 0; kernelRow < kernelRows; kernelRow++) {
        for (let kernelCol = 0; kernelCol < kernelCols; kernelCol++) {
          const from =
            ((row * strideRows + kernelRow) * input.cols + col * strideCols + kernelCol) * channels;
          let weight = (kernelRow * kernelCols + kernelCol) * output.channels;
          for (let channel = 0, to = at; channel < channels; channel++) {
            const value = x[from + channel]!;
            for (let m = 0; m < multiplier; m++, to++, weight++) out[to]! += value * kernel[weight]!;
          }
        }
      }
    }
  }
}

/** out = x times the kernel [in, out], without bias. */
export function multiply(op: DenseOp, kernel: Float64Array, x: Float64Array, out: Float64Array): void {
  const inputs = elements(op.input);
  const units = op.output.channels;
  out.fill(0);
  for (let from = 0, weight = 0; from < inputs; from++, weight += units) {
    const value = x[from]!;
    if (value === 0) continue;
    for (let unit = 0; unit < units; unit++) out[unit]! += value * kernel[weight + unit]!;
  }
}

/** out = the mean of every pool x pool square. */
export function averagePool(
  { pool, input, output }: AveragePoolOp,
  x: Float64Array,
  out: Float64Array,
): void {
  const { channels } = output;
  out.fill(0);
  for (let row = 0, from = 0; row < input.rows; row++) {
    for (let col = 0; col < input.cols; col++) {
      const to = (Math.floor(row / pool) * output.cols + Math.floor(col / pool)) * channels;
      for (let channel = 0; channel < channels; channel++) out[to + channel]! += x[from++]!;
    }
  }
  for (let i = 0; i < out.length; i++) out[i]! /= pool * pool;
}

/** out = the greatest number of every pool x pool square. */
export function maxPool({ pool, input, output }: MaxPoolOp, x: Float64Array, out: Float64Array): void {
  const { channels } = output;
  out.fill(Number.NEGATIVE_INFINITY);
  for (let row = 0, from = 0; row < input.rows; row++) {
    for (let col = 0; col < input.cols; col++) {
      const to = (Math.floor(row / pool) * output.cols + Math.floor(col / pool)) * channels;
      for (let channel = 0; channel < channels; channel++, from++) {
        if (x[from]! > out[to + channel]!) out[to + channel] = x[from]!;
      }
    }
  }
}
