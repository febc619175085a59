import type { Dataset } from '@bitkiln/core';
import { loadDataset } from '@bitkiln/datasets';
import type { LoadOrder } from './messages.ts';

/** Reads an experiment's images into shared memory. */
export async function loadImages({ dataset, augmentation }: LoadOrder): Promise<Dataset> {
  if (augmentation !== 'none') {
    throw new Error(`augmentation is '${augmentation}'; expected 'none'`);
  }
  return loadDataset(dataset);
}
