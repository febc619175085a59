import { createIntegerEngine, elements, printNetwork } from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportAvr, weightPlaces } from '../src/avr/avr.ts';
import { planMemory } from '../src/plan/plan-memory.ts';
import { randomModel } from './support/arbitrary-model.ts';
import { buildBoard, runBoard } from './support/board.ts';
import { engineLogits, publishedModel, testImages, testLabels } from './support/published.ts';

const ram = 2048;
const flash = 32_768 - 512;
const clock = 16e6;
/** Of the published firmware: 0.68 s an image at 16 MHz. */
const publishedCycles = 0.68 * clock;
/** 200 by \`npm run test:device\`. */
const images = Number(process.env.BITKILN_DEVICE_IMAGES ?? 20);

describe('the published model on an ATmega328P', () => {
  const expected = engineLogits(images);

  test.each(weightPlaces)(
    "weights in %s: the engine's logits over the serial port, in 2048 bytes",
    async (weights) => {
      const board = await buildBoard(exportAvr(publishedModel, 'herringbone', weights));
      const shape = { rows: 28, rowBytes: 28, classes: 10 };
      const { replies, cycles, mostCycles, stackBytes } = await runBoard(
        board,
        shape,
        testImages.subarray(0, 784 * images),
      );
      let correct = 0;
      for (let i = 0; i < images; i++) {
        const logits = Array.from({ length: 10 }, (_, unit) => replies.readInt16LE(21 * i + 1 + 2 * unit));
        expect(logits).toEqual([...expected.subarray(10 * i, 10 * (i + 1))]);
        expect(replies[21 * i]).toBe(logits.indexOf(Math.max(...logits)));
        if (replies[21 * i] === testLabels[i]) correct++;
      }
      const mean = Math.round(cycles / images);
      console.log(
        `weights in ${weights}: ${images} images, ${correct} correct; ${board.staticBytes} bytes of .data and .bss + ` +
          `${stackBytes} of stack = ${board.staticBytes + stackBytes} of ${ram}; ${board.flashBytes} bytes of flash; ` +
          `${mean} cycles an image (${((1000 * mean) / clock).toFixed(1)} ms), at most ${mostCycles}: ` +
          `${(publishedCycles / mean).toFixed(1)} times as fast as the published 0.68 s`,
      );
      expect(board.staticBytes + stackBytes).toBeLessThanOrEqual(ram);
      expect(board.flashBytes).toBeLessThanOrEqual(flash);
      expect(mean).toBeLessThan(publishedCycles);
    },
  );
});

/** Where int has 16 bits, sums and shifts go wrong that a computer gets right. */
test("random networks on the instruction set: the engine's logits", async () => {
  const wanted = 12;
  const fitting = fc
    .sample(randomModel, { numRuns: 60, seed: 328 })
    .filter(({ model }) => planMemory(model.program, 'herringbone').bufferBytes < 1200)
    .filter(({ program }) => program.ops.some((op) => 'kernelRows' in op))
    .slice(0, wanted);
  expect(fitting.length).toBe(wanted);
  for (const { model, program } of fitting) {
    const { rows, cols, channels } = program.input;
    const classes = program.output.channels;
    const size = elements(program.input);
    const pixels = Uint8Array.from({ length: 3 * size }, (_, i) => (i * i * 31 + i * 7) & 255);
    const board = await buildBoard(exportAvr(model, 'herringbone', 'flash'));
    const { replies, stackBytes } = await runBoard(
      board,
      { rows, rowBytes: cols * channels, classes },
      pixels,
    );
    const engine = createIntegerEngine(program);
    for (let i = 0; i < 3; i++) {
      const at = i * (1 + 2 * classes) + 1;
      const logits = Array.from({ length: classes }, (_, unit) => replies.readInt16LE(at + 2 * unit));
      const name = printNetwork(program.layers);
      expect(logits, name).toEqual([...engine.logits(pixels.subarray(i * size, (i + 1) * size))]);
    }
    expect(board.staticBytes + stackBytes).toBeLessThanOrEqual(ram);
  }
});
