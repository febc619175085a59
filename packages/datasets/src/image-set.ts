import { createHash } from 'node:crypto';
import type { DatasetInfo, ImageSet } from '@bitkiln/core';
import { type DatasetParts, packedBody, packedLayout } from './packed/packed-format.ts';

/** What is known of a set without its images. */
export interface SetSummary extends DatasetInfo {
  readonly sha256: string;
  readonly train: Pick<ImageSet, 'count'>;
}

/** Zeroed memory that the threads of a process share. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

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
  const shared = sharedBytes(count * imageBytes);
  const sharedLabels = sharedBytes(count);
  let next = 0;
  for (const index of indices) {
    shared.set(images.subarray(index * imageBytes, (index + 1) * imageBytes), next * imageBytes);
    sharedLabels[next++] = labels[index]!;
  }
  return { images: shared, labels: sharedLabels, count };
}

/** The SHA-256, in hex, of a data set's packed form: its identity, whatever its name. */
export function datasetSha256(parts: DatasetParts): string {
  const hash = createHash('sha256').update(packedLayout(parts).head);
  for (const bytes of packedBody(parts)) hash.update(bytes);
  return hash.digest('hex');
}
