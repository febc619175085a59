import type { Dataset } from '@bitkiln/core';
import { httpDatasetSource, openDataset, type Watch } from '@bitkiln/datasets';
import type { LoadOrder } from './messages.ts';

/**
 * Reads an experiment's images into shared memory. What an augmentation adds is made here if need be, and a set that
 * this host lacks is fetched.
 */
export function loadImages(order: LoadOrder, watch: Watch): Promise<Dataset> {
  const { dataset, augmentation, sha256 = null, api = null } = order;
  const source = api === null ? null : httpDatasetSource(api.url, api.token);
  return openDataset(dataset, augmentation, { ...watch, sha256, source });
}
