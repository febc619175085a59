import { type Layout, pixelsInOrder, placeOf } from '../layout/layout.ts';
import { rowStep } from '../layout/peel.ts';

/** What an output pixel reads of its input map, and how many bits a pixel of each takes. */
export interface Slide {
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
  readonly inputBits: number;
  readonly outputBits: number;
}

/**
 * The least distance in bits from the start of an output map up to the start of its input map at which the output,
 * written a pixel at a time in its own order, each after all that the pixel reads was read, never meets an input
 * pixel that a later one reads.
 */
export function leastOffset(slide: Slide, input: Layout, output: Layout): number {
  const firstLive = firstLiveAfter(slide, input, output);
  let offset = 0;
  for (const [written, place] of firstLive.entries()) {
    if (place === null) break;
    offset = Math.max(offset, (written + 1) * slide.outputBits - place * slide.inputBits);
  }
  return offset;
}

/** For each output pixel in order: the first place of the input that a later one reads; null behind the last. */
function firstLiveAfter(slide: Slide, input: Layout, output: Layout): (number | null)[] {
  const lastReader = new Int32Array(input.rows * input.cols).fill(-1);
  const order = pixelsInOrder(output);
  for (const [reader, [row, col]] of order.entries()) {
    for (let r = 0; r < slide.kernelRows; r++) {
      for (let c = 0; c < slide.kernelCols; c++) {
        lastReader[placeOf(input, row * slide.strideRows + r, col * slide.strideCols + c)] = reader;
      }
    }
  }
  const places: (number | null)[] = [];
  let place = 0;
  for (const reader of order.keys()) {
    while (place < lastReader.length && lastReader[place]! <= reader) place++;
    places.push(place < lastReader.length ? place : null);
  }
  return places;
}

/**
 * `leastOffset` for an input laid out as `inputPeel` says. The windows' top left pixels then stand in memory in the
 * order of the walk, each before all else in its window: the first live pixel is that of the next window. Within a
 * step both sides grow evenly, so its ends decide.
 */
export function steppedOffset(slide: Slide, input: Layout, output: Layout): number {
  const { strideRows, strideCols, inputBits, outputBits } = slide;
  let offset = 0;
  let [row, col, written] = [0, 0, 0];
  const check = (pixels: number, nextRow: number, nextCol: number): void => {
    const place = placeOf(input, nextRow * strideRows, nextCol * strideCols);
    offset = Math.max(offset, pixels * outputBits - place * inputBits);
  };
  for (const step of output.peel) {
    const alongRow = step === rowStep;
    const length = alongRow ? output.cols - col : output.rows - row;
    for (const next of new Set([1, length - 1])) {
      if (next < 1 || next >= length) continue;
      check(written + next, alongRow ? row : row + next, alongRow ? col + next : col);
    }
    written += length;
    if (alongRow) row++;
    else col++;
    if (row < output.rows && col < output.cols) check(written, row, col);
  }
  return offset;
}

/** Bits of one buffer for a map and the map made from it in place, the input laid out as `inputPeel` says. */
export function slideBits(slide: Slide, input: Layout, output: Layout): number {
  const inputs = input.rows * input.cols * slide.inputBits;
  const outputs = output.rows * output.cols * slide.outputBits;
  return Math.max(steppedOffset(slide, input, output) + inputs, outputs);
}
