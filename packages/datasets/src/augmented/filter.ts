import type { ImageSet } from '@bitkiln/core';

/** What a teacher threw out. */
export interface FilterReport {
  readonly candidates: number;
  readonly kept: number;
  /** Images thrown out, by their class. */
  readonly removedByClass: readonly number[];
}

/**
 * Keeps the images whose class the teacher got right: moves them together at the front of the set's own memory and
 * returns the set cut to them.
 */
export function keepRecognized(
  set: ImageSet,
  predicted: Uint8Array,
  classes: number,
): { readonly kept: ImageSet; readonly report: FilterReport } {
  const { images, labels, count } = set;
  const imageBytes = images.length / count;
  const removedByClass = new Array<number>(classes).fill(0);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    if (predicted[i] !== label) {
      removedByClass[label]! += 1;
      continue;
    }
    images.copyWithin(kept * imageBytes, i * imageBytes, (i + 1) * imageBytes);
    labels[kept++] = label;
  }
  return {
    kept: { images: images.subarray(0, kept * imageBytes), labels: labels.subarray(0, kept), count: kept },
    report: { candidates: count, kept, removedByClass },
  };
}
