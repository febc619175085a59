import { createIntegerEngine, elements, printNetwork } from '@bitkiln/core';
import fc from 'fast-check';
import * as ort from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import { exportOnnx } from '../src/onnx/onnx.ts';
import { randomModel } from './support/arbitrary-model.ts';
import {
  engineLogits,
  publishedCorrect,
  publishedModel,
  publishedProgram,
  testImages,
  testLabels,
} from './support/published.ts';

beforeAll(() => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
});

function session(files: ReturnType<typeof exportOnnx>, optimized = true): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(files['model.onnx'] as Uint8Array, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: optimized ? 'all' : 'disabled',
  });
}

async function classify(model: ort.InferenceSession, images: Uint8Array, shape: readonly number[]) {
  const count = images.length / shape.reduce((product, axis) => product * axis, 1);
  const { logits, class: classes } = await model.run({
    image: new ort.Tensor('uint8', images, [count, ...shape]),
  });
  return {
    logits: logits!.data as Float32Array,
    classes: Array.from(classes!.data as BigInt64Array, Number),
  };
}

test.each([true, false])(
  'the published model: class for class on 10,000 images (graph optimized: %s)',
  async (optimized) => {
    const model = await session(exportOnnx(publishedModel), optimized);
    const expected = engineLogits(10_000);
    const unit = createIntegerEngine(publishedProgram).logitUnit;
    const batch = 500;
    let [same, correct] = [0, 0];
    for (let first = 0; first < 10_000; first += batch) {
      const images = testImages.slice(first * 784, (first + batch) * 784);
      const { logits, classes } = await classify(model, images, [28, 28, 1]);
      for (const [i, found] of classes.entries()) {
        const wanted = [...expected.subarray((first + i) * 10, (first + i + 1) * 10)];
        const made = Array.from(logits.subarray(i * 10, (i + 1) * 10), (logit) => logit / unit);
        if (String(made) === String(wanted) && found === wanted.indexOf(Math.max(...wanted))) same++;
        if (found === testLabels[first + i]) correct++;
      }
    }
    expect({ same, correct }).toEqual({ same: 10_000, correct: publishedCorrect });
  },
);

test("random networks of every layer: the engine's logits and classes", async () => {
  const models = fc
    .sample(randomModel, { numRuns: 120, seed: 21 })
    // Beyond 24 bits floats no longer stand for every integer.
    .filter(({ program }) =>
      program.ops.every((op) => !('kernel' in op) || exact(op.lowestSum, op.highestSum)),
    );
  expect(models.length).toBeGreaterThan(60);
  const codes = new Set<string>();
  for (const { model, program } of models) {
    for (const { code } of program.layers) codes.add(code);
    const { rows, cols, channels } = program.input;
    const size = elements(program.input);
    const images = Uint8Array.from({ length: 3 * size }, (_, i) => (i * i * 29 + i * 11) & 255);
    const { logits, classes } = await classify(await session(exportOnnx(model)), images, [
      rows,
      cols,
      channels,
    ]);
    const engine = createIntegerEngine(program);
    const wanted = [0, 1, 2].flatMap((i) => [...engine.logits(images.subarray(i * size, (i + 1) * size))]);
    const name = printNetwork(program.layers);
    expect(
      Array.from(logits, (logit) => logit / engine.logitUnit),
      name,
    ).toEqual(wanted);
    const units = program.output.channels;
    expect(classes, name).toEqual(
      [0, 1, 2].map((i) => {
        const own = wanted.slice(i * units, (i + 1) * units);
        return own.indexOf(Math.max(...own));
      }),
    );
  }
  expect([...codes].sort()).toEqual(['A', 'C', 'CN', 'D', 'DSC', 'F', 'M', 'N', 'Q', 'R', 'S', 'T']);
});

function exact(lowest: number, highest: number): boolean {
  return Math.max(-lowest, highest) < 2 ** 24;
}
