import { readFileSync } from 'node:fs';
import { readModelJson, type Strategy } from '@bitkiln/core';
import { exportModel, type WeightPlace } from '@bitkiln/firmware';
import { buildBoard, runBoard } from '../packages/firmware/test/support/board.ts';
import { publishedModel, testImages } from '../packages/firmware/test/support/published.ts';

/**
 * Cycles that an ATmega328P (simavr) takes for an image: the published network's firmware by strategy and by where the
 * weights are. The baseline is herringbone with the weights in RAM; the authors of the published network report 0.68 s
 * at 16 MHz for theirs. Usage: npm run bench:firmware [-- model.json]
 */
const clock = 16e6;
const images = 50;
const published = 0.68 * clock;

const file = process.argv[2];
const model = file === undefined ? publishedModel : readModelJson(readFileSync(file, 'utf8'));
const { rows, cols, channels } = model.program.input;
const shape = { rows, rowBytes: cols * channels, classes: model.program.output.channels };
const pixels = testImages.subarray(0, images * rows * cols * channels);

const variants: readonly [Strategy, WeightPlace][] = [
  ['herringbone', 'ram'],
  ['herringbone', 'flash'],
  ['transpose', 'flash'],
  ['normal', 'flash'],
  ['naive', 'flash'],
];
let baseline = Number.NaN;
for (const [strategy, weights] of variants) {
  const board = await buildBoard(await exportModel(model, 'avr', { strategy, weights }));
  const { cycles, stackBytes } = await runBoard(board, shape, pixels);
  const mean = cycles / images;
  if (Number.isNaN(baseline)) baseline = mean;
  console.log(
    `${strategy.padEnd(11)} weights in ${weights.padEnd(5)} ${Math.round(mean)} cycles an image, ` +
      `${((1000 * mean) / clock).toFixed(1)} ms at 16 MHz: ${(mean / baseline).toFixed(2)} of the baseline's, ` +
      `${(published / mean).toFixed(1)} times as fast as the published 0.68 s; ` +
      `${board.staticBytes} + ${stackBytes} bytes of RAM, ${board.flashBytes} of flash`,
  );
}
