import { lowerNetwork, parseNetwork } from '@bitkiln/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceActivationBytes } from '../src/device-bytes.ts';
import { createLayout, pixelsInOrder, placeOf } from '../src/layout/layout.ts';
import { inputPeel, peelBy } from '../src/layout/peel.ts';
import { leastOffset, steppedOffset } from '../src/plan/offset.ts';

const whole = (min: number, max: number) => fc.integer({ min, max });

const slides = fc.record({
  rows: whole(1, 10),
  cols: whole(1, 10),
  kernelRows: whole(1, 4),
  kernelCols: whole(1, 4),
  strideRows: whole(1, 3),
  strideCols: whole(1, 3),
  inputBits: whole(1, 12),
  outputBits: whole(1, 12),
  /** Which steps of the walk are columns. */
  columns: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
});

test('the ends of the steps decide: as far apart as pixel by pixel, for any walk', () => {
  fc.assert(
    fc.property(slides, ({ rows, cols, columns, ...slide }) => {
      const [high, wide] = [rows + slide.kernelRows - 1, cols + slide.kernelCols - 1];
      const output = {
        rows: Math.floor((high - slide.kernelRows) / slide.strideRows) + 1,
        cols: Math.floor((wide - slide.kernelCols) / slide.strideCols) + 1,
      };
      let step = 0;
      const walk = peelBy(output.rows, output.cols, () => columns[step++]!);
      const input = createLayout(high, wide, inputPeel(walk, high, wide, slide));
      const layout = createLayout(output.rows, output.cols, walk);
      expect(steppedOffset(slide, input, layout)).toBe(leastOffset(slide, input, layout));
    }),
    { numRuns: 3000, seed: 7 },
  );
});

test('every pixel has its own place, in the order of the steps', () => {
  const layout = createLayout(4, 5, 'RCCRRCR');
  const places = pixelsInOrder(layout).map(([row, col]) => placeOf(layout, row, col));
  expect(places).toEqual([...Array(20).keys()]);
  expect(() => createLayout(4, 5, 'RCCRR')).toThrow('does not use up');
  expect(() => createLayout(4, 5, 'RRRRC')).toThrow('goes on after');
});

test('figures for the largest maps take no time that matters', () => {
  const network = parseNetwork('C(1,3x3/2) C(3,3x3) T(2,3x3) C(1,1x1/5) S(2)');
  const program = lowerNetwork(network, { rows: 3000, cols: 3000, channels: 1 });
  // The image of a byte a pixel: each later map takes less.
  expect(deviceActivationBytes(program, 'herringbone')).toBe(9e6);
});
