import type { Dataset } from '@bitkiln/core';
import { openDataset } from '@bitkiln/datasets';
import type { LoadOrder } from './messages.ts';

/** Reads an experiment's images into shared memory; what an augmentation adds is made here if need be. */
export function loadImages({ dataset, augmentation }: LoadOrder, signal: AbortSignal): Promise<Dataset> {
  return openDataset(dataset, augmentation, { signal });
}
