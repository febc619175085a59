import type { Dataset, DatasetInfo } from '@bitkiln/core';
import { type DataFolders, dataFolders } from './data-folders.ts';
import { DatasetError } from './dataset-error.ts';
import type { SetSummary } from './image-set.ts';
import { loadMnist, mnistInfo, mnistSummary } from './mnist.ts';
import { loadOwnSet } from './own/load-own.ts';
import { readRegistry } from './own/registry-file.ts';

/** The data sets that every host has. */
export const datasetNames: readonly string[] = ['mnist'];

/**
 * The data sets of this host: the built-in ones, then those of the data sets folder.
 * @throws DatasetError where the folder's registry file is at fault
 */
export async function listDatasets(folders: DataFolders = dataFolders()): Promise<string[]> {
  return [...datasetNames, ...(await readRegistry(folders.datasets)).keys()];
}

/**
 * What a data set is.
 * @throws DatasetError where there is no such data set or its files are not what they should be
 */
export async function datasetInfo(name: string, folders: DataFolders = dataFolders()): Promise<DatasetInfo> {
  if (name === 'mnist') return mnistInfo;
  const { shape, classes } = await loadDataset(name, folders);
  return { name, shape, classes };
}

/**
 * Reads a data set, its images in shared memory. Every call reads anew: keep what it returns.
 * @throws DatasetError where there is no such data set or its files are not what they should be
 */
export async function loadDataset(name: string, folders: DataFolders = dataFolders()): Promise<Dataset> {
  const set = await findSet(name, folders);
  if (set !== null) return set.load();
  const expected = `one of ${(await listDatasets(folders)).join(', ')}`;
  throw new DatasetError({ source: 'data set', field: 'name', value: name, expected });
}

/** A set that can be had. Where what it is is known beforehand, its images are read only once asked for. */
export interface KnownSet {
  readonly summary: SetSummary;
  load(): Promise<Dataset>;
}

/** A set whose images have been read. */
export function inHand(set: Dataset): KnownSet {
  return { summary: set, load: async () => set };
}

/** The set of the name; null where this host has none. @throws DatasetError as `loadDataset` */
export async function findSet(name: string, folders: DataFolders): Promise<KnownSet | null> {
  if (name === 'mnist') return { summary: mnistSummary, load: () => loadMnist() };
  const set = (await readRegistry(folders.datasets)).get(name);
  return set === undefined ? null : inHand(await loadOwnSet(folders.datasets, name, set));
}
