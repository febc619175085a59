import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bitsAt, uniformAt } from '@bitkiln/core';
import { idx } from './array-files.ts';

/**
 * Writes an own set `blobs` of 16x16 images with one channel and two classes: a bright square in the upper half is
 * class 0, in the lower half class 1. A share of the training labels may be wrong.
 */
export async function writeBlobSet(
  folder: string,
  trainCount: number,
  testCount: number,
  { wrongLabels = 0 } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [part, count, key0] of [
    ['train', trainCount, 1],
    ['test', testCount, 2],
  ] as const) {
    const images = new Uint8Array(count * 256);
    const labels = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const bits = bitsAt({ key0, key1: 0 }, i);
      const label = bits & 1;
      const top = label * 8 + ((bits >>> 4) % 5);
      const left = 2 + ((bits >>> 8) % 10);
      for (let r = top; r < top + 4; r++)
        images.fill(160 + (bits >>> 26), i * 256 + r * 16 + left, i * 256 + r * 16 + left + 4);
      const wrong = part === 'train' && uniformAt({ key0: 3, key1: 0 }, i) < wrongLabels;
      labels[i] = wrong ? 1 - label : label;
    }
    await writeFile(join(folder, `${part}-images`), idx([count, 16, 16], images));
    await writeFile(join(folder, `${part}-labels`), idx([count], labels));
  }
  const part = (name: string) => ({ images: `${name}-images`, labels: `${name}-labels` });
  await writeFile(
    join(folder, 'datasets.json'),
    JSON.stringify({ blobs: { train: part('train'), test: part('test') } }),
  );
}
