import { type Layout, pixelsInOrder, placeOf } from '../layout/layout.ts';

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

/** Bits of one buffer for a map and the map made from it in place. */
export function slideBits(slide: Slide, input: Layout, output: Layout): number {
  const inputs = input.rows * input.cols * slide.inputBits;
  const outputs = output.rows * output.cols * slide.outputBits;
  return Math.max(leastOffset(slide, input, output) + inputs, outputs);
}
