import type { Dataset, DatasetInfo } from '@bitkiln/core';
import { DatasetError } from './dataset-error.ts';
import { loadMnist, mnistInfo } from './mnist.ts';

interface DatasetEntry {
  readonly info: () => Promise<DatasetInfo>;
  readonly load: () => Promise<Dataset>;
}

const entries: ReadonlyMap<string, DatasetEntry> = new Map([
  ['mnist', { info: async () => mnistInfo, load: async () => loadMnist() }],
]);

/** The data sets that `loadDataset` knows. */
export const datasetNames: readonly string[] = [...entries.keys()];

/**
 * What a data set is, without reading its images.
 * @throws DatasetError where there is no such data set
 */
export async function datasetInfo(name: string): Promise<DatasetInfo> {
  return entry(name).info();
}

/**
 * Reads a data set, its images in shared memory. Every call reads anew: keep what it returns.
 * @throws DatasetError where there is no such data set or its files are not what they should be
 */
export async function loadDataset(name: string): Promise<Dataset> {
  return entry(name).load();
}

function entry(name: string): DatasetEntry {
  const found = entries.get(name);
  if (found !== undefined) return found;
  const expected = `one of ${datasetNames.join(', ')}`;
  throw new DatasetError({ source: 'data set', field: 'name', value: name, expected });
}
