import { createHash } from 'node:crypto';
import { type DatasetInfo, elements, type ImageSet } from '@bitkiln/core';

/**
 * Copies the images and labels at `indices`, in that order, into shared memory, so that a host's trainer threads
 * read one copy.
 * @param imageBytes bytes of one image
 */
export function shareImages(
  images: Uint8Array,
  labels: Uint8Array,
  imageBytes: number,
  indices: Iterable<number> & { readonly length: number },
): ImageSet {
  const count = indices.length;
  const shared = new Uint8Array(new SharedArrayBuffer(count * imageBytes));
  const sharedLabels = new Uint8Array(new SharedArrayBuffer(count));
  let next = 0;
  for (const index of indices) {
    shared.set(images.subarray(index * imageBytes, (index + 1) * imageBytes), next * imageBytes);
    sharedLabels[next++] = labels[index]!;
  }
  return { images: shared, labels: sharedLabels, count };
}

type Parts = Omit<DatasetInfo, 'name'> & Readonly<Record<'train' | 'validation' | 'test', ImageSet>>;

/**
 * SHA-256, in hex, over all that decides a result: a line with rows, columns, channels and classes, then for
 * train, validation and test a line with the part's name and count, its images and its labels.
 */
export function datasetSha256({ shape, classes, ...parts }: Parts): string {
  const hash = createHash('sha256');
  hash.update(`${shape.rows} ${shape.cols} ${shape.channels} ${classes}\n`);
  for (const name of ['train', 'validation', 'test'] as const) {
    const { images, labels, count } = parts[name];
    hash.update(`${name} ${count}\n`);
    hash.update(images.subarray(0, count * elements(shape)));
    hash.update(labels.subarray(0, count));
  }
  return hash.digest('hex');
}
