import type { Shape } from '../network/shape.ts';
import { bitsAt, type Stream } from '../random/stream.ts';
import { gaussianKernel } from './gaussian-kernel.ts';

/** An elastic deformation after Simard, Steinkraus and Platt (2003). */
export interface ElasticSettings {
  /** Rows and columns of the smoothing Gaussian; odd. */
  readonly kernelSize: number;
  /** Standard deviation of the Gaussian, in pixels. */
  readonly sigma: number;
  /** What the draws -1, 0 and 1 are multiplied by, in pixels. */
  readonly alpha: number;
}

/** The published small deformation. */
export const minorElastic: ElasticSettings = { kernelSize: 9, sigma: 4, alpha: 5 };
/** The published large deformation. */
export const majorElastic: ElasticSettings = { kernelSize: 13, sigma: 6, alpha: 20 };

/** Raised whenever `elasticCopier` would give other bytes for the same arguments. */
export const elasticVersion = 1;

/** Writes an elastic copy of `source` (rows x cols x channels bytes) to `target` (as many). */
export type ElasticCopier = (source: Uint8Array, target: Uint8Array, stream: Stream) => void;

/**
 * Makes elastic copies of images of one shape; the returned function reuses its buffers.
 *
 * Two fields, rows before columns, hold for every place a draw from -1, 0 and 1: place i of field f is draw
 * `f * rows * cols + i` of the stream, and its value `floor(3 * draw / 2^32) - 1`. Each is convolved with the
 * centred normalized Gaussian, zeros beyond the edge, and multiplied by alpha. All channels share the fields. A
 * pixel is the mean of the four source pixels at the floor and ceiling of its displaced row and column, a source
 * pixel outside the image counting as 0, rounded half to even.
 *
 * The convolution runs along rows, then along columns, taps in ascending order, in double precision with every
 * product and sum rounded: the same bytes on every engine.
 * @throws RangeError where the settings make no kernel or alpha is not finite.
 */
export function elasticCopier(shape: Shape, settings: ElasticSettings): ElasticCopier {
  const { alpha } = settings;
  if (!Number.isFinite(alpha)) throw new RangeError(`alpha is ${alpha}; expected a finite number`);
  const places = shape.rows * shape.cols;
  const smooth = fieldSmoother(shape, gaussianKernel(settings.kernelSize, settings.sigma));
  const rowField = new Float64Array(places);
  const colField = new Float64Array(places);
  return (source, target, stream) => {
    drawField(rowField, stream, 0);
    drawField(colField, stream, places);
    smooth(rowField);
    smooth(colField);
    displace(source, target, shape, alpha, rowField, colField);
  };
}

function drawField(field: Float64Array, stream: Stream, firstDraw: number): void {
  for (let i = 0; i < field.length; i++) {
    field[i] = Math.floor(bitsAt(stream, firstDraw + i) * 3 * 2 ** -32) - 1;
  }
}

/** Convolves a rows x cols field with kernel x kernel in place, zeros beyond the edge. */
function fieldSmoother({ rows, cols }: Shape, kernel: Float64Array): (field: Float64Array) => void {
  const taps = kernel.length;
  const half = (taps - 1) / 2;
  const paddedCols = cols + 2 * half;
  const line = new Float64Array(paddedCols);
  const along = new Float64Array((rows + 2 * half) * cols);
  return (field) => {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) line[half + c] = field[r * cols + c]!;
      for (let c = 0; c < cols; c++) {
        let sum = 0;
        for (let k = 0; k < taps; k++) sum += kernel[k]! * line[c + k]!;
        along[(half + r) * cols + c] = sum;
      }
    }
    for (let i = 0; i < field.length; i++) {
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += kernel[k]! * along[i + k * cols]!;
      field[i] = sum;
    }
  };
}

function displace(
  source: Uint8Array,
  target: Uint8Array,
  { rows, cols, channels }: Shape,
  alpha: number,
  rowField: Float64Array,
  colField: Float64Array,
): void {
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++, i++) {
      const row = r + alpha * rowField[i]!;
      const col = c + alpha * colField[i]!;
      const top = Math.floor(row);
      const bottom = Math.ceil(row);
      const left = Math.floor(col);
      const right = Math.ceil(col);
      const topIn = top >= 0 && top < rows;
      const bottomIn = bottom >= 0 && bottom < rows;
      const leftIn = left >= 0 && left < cols;
      const rightIn = right >= 0 && right < cols;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        if (topIn && leftIn) sum += source[(top * cols + left) * channels + channel]!;
        if (topIn && rightIn) sum += source[(top * cols + right) * channels + channel]!;
        if (bottomIn && leftIn) sum += source[(bottom * cols + left) * channels + channel]!;
        if (bottomIn && rightIn) sum += source[(bottom * cols + right) * channels + channel]!;
        target[i * channels + channel] = quarterHalfEven(sum);
      }
    }
  }
}

/** sum / 4 rounded half to even, for a whole sum from 0. */
function quarterHalfEven(sum: number): number {
  const floor = sum >> 2;
  const rest = sum & 3;
  return floor + (rest === 3 || (rest === 2 && (floor & 1) === 1) ? 1 : 0);
}
