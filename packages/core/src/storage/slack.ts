import type { ConvolutionWindow } from '../network/layer.ts';
import type { Shape } from '../network/shape.ts';
import type { Strategy } from './strategy.ts';

/**
 * Output elements that an in-place convolution must hold beyond its input map: how far the growing output runs
 * ahead of the input that is no longer needed (Gural and Murmann, "Memory-Optimal Direct Convolutions for
 * Maximizing Classification Accuracy in Embedded Applications", ICML 2019).
 */
export function convolutionSlack(
  input: Shape,
  output: Shape,
  window: ConvolutionWindow,
  strategy: Strategy,
): number {
  const { strideRows, strideCols } = window;
  if (strategy === 'naive') {
    return Math.floor(output.rows / strideRows) * Math.floor(output.cols / strideCols) * output.channels;
  }
  if (output.channels <= input.channels * strideRows * strideCols) return 0;
  if (strideRows !== 1 || strideCols !== 1) {
    const outputs = output.rows * output.cols * output.channels;
    const inputs = input.rows * input.cols * input.channels;
    return Math.max(0, outputs - inputs) + window.kernelCols * input.channels;
  }
  const map = alongTheShorterSide({
    rows: input.rows,
    cols: input.cols,
    outputRows: output.rows,
    outputCols: output.cols,
    kernelRows: window.kernelRows,
    kernelCols: window.kernelCols,
    channels: input.channels,
    growth: output.channels - input.channels,
  });
  switch (strategy) {
    case 'normal':
      return normalSlack(map);
    case 'transpose':
      return transposeSlack(map);
    case 'herringbone':
      return herringboneSlack(map);
  }
}

/** A stride-1 convolution whose channels grow by `growth` > 0. */
interface GrowingMap {
  readonly rows: number;
  readonly cols: number;
  readonly outputRows: number;
  readonly outputCols: number;
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly channels: number;
  readonly growth: number;
}

function columnIsCheaper(
  { kernelRows, kernelCols, channels, growth }: GrowingMap,
  outputRows: number,
  outputCols: number,
): boolean {
  return outputCols + ((kernelRows - kernelCols) * channels) / growth > outputRows;
}

/** Exchanges rows and columns where walking along columns costs less. */
function alongTheShorterSide(map: GrowingMap): GrowingMap {
  if (!columnIsCheaper(map, map.outputRows, map.outputCols)) return map;
  return {
    ...map,
    rows: map.cols,
    cols: map.rows,
    outputRows: map.outputCols,
    outputCols: map.outputRows,
    kernelRows: map.kernelCols,
    kernelCols: map.kernelRows,
  };
}

/** All rows in order. */
function normalSlack({ cols, outputRows, outputCols, kernelCols, channels, growth }: GrowingMap): number {
  return outputRows * (outputCols * (channels + growth) - cols * channels) + kernelCols * channels;
}

/** Some rows in order, then the rest by columns, transposed once on the way. */
function transposeSlack(map: GrowingMap): number {
  const { outputRows, outputCols, kernelRows, kernelCols, channels, growth } = map;
  const perRow = outputCols * growth - (kernelCols - 1) * channels;
  const whole = Math.trunc(((kernelRows - 1) * channels) / growth);
  const next = whole + 1;
  const byRows = (outputRows - whole) * perRow + kernelCols * channels;
  const byColumns =
    (outputRows - next) * perRow +
    outputCols * (next * growth - (kernelRows - 1) * channels) +
    kernelRows * channels;
  return Math.min(byRows, byColumns);
}

/** A row or a column at a time, whichever is cheaper, until one side is used up. */
function herringboneSlack(map: GrowingMap): number {
  const { kernelRows, kernelCols, channels, growth } = map;
  let { outputRows, outputCols } = map;
  let slack = 0;
  let tail = 0;
  while (outputRows > 0 && outputCols > 0) {
    if (columnIsCheaper(map, outputRows, outputCols)) {
      slack += Math.max(0, outputRows * growth - (kernelRows - 1) * channels);
      tail = kernelRows * channels;
      outputCols--;
    } else {
      slack += Math.max(0, outputCols * growth - (kernelCols - 1) * channels);
      tail = kernelCols * channels;
      outputRows--;
    }
  }
  return slack + tail;
}
