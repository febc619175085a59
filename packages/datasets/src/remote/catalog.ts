import { stat } from 'node:fs/promises';
import type { Dataset } from '@bitkiln/core';
import type { DataFolders } from '../data-folders.ts';
import { DatasetError } from '../dataset-error.ts';
import { packedLayout } from '../packed/packed-format.ts';
import { listDatasets, loadDataset } from '../registry.ts';
import { storeDataset, storedPath } from '../store/dataset-store.ts';
import type { DatasetDescriptor } from './dataset-source.ts';

/** A set that can't be used, with what is wrong with it. */
export interface FaultyDataset {
  readonly name: string;
  readonly fault: string;
}

/** What other hosts are told about a data set. */
export function describeDataset(dataset: Dataset): DatasetDescriptor {
  const { name, sha256, shape, classes } = dataset;
  const { header, totalBytes } = packedLayout(dataset);
  return { name, sha256, shape, classes, counts: header.counts, bytes: totalBytes };
}

/**
 * All data sets of this host; those that can't be read are told apart, so that one does not hide the others.
 * @throws DatasetError where the registry file is at fault
 */
export async function describeDatasets(
  folders: DataFolders,
): Promise<{ readonly items: readonly DatasetDescriptor[]; readonly faulty: readonly FaultyDataset[] }> {
  const items: DatasetDescriptor[] = [];
  const faulty: FaultyDataset[] = [];
  for (const name of await listDatasets(folders)) {
    try {
      items.push(describeDataset(await loadDataset(name, folders)));
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      faulty.push({ name, fault: error.message });
    }
  }
  return { items, faulty };
}

/**
 * The file with a packed set, for serving it; a set of this host that was never packed is packed first. Null where
 * the host has no set of this hash, or it is no hash.
 */
export async function packedDatasetFile(
  folders: DataFolders,
  sha256: string,
): Promise<{ readonly path: string; readonly bytes: number } | null> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
  const path = storedPath(folders.cache, sha256);
  const present = async () => {
    const file = await stat(path).catch(() => null);
    return file === null ? null : { path, bytes: file.size };
  };
  const stored = await present();
  if (stored !== null) return stored;
  for (const name of await listDatasets(folders)) {
    const dataset = await loadDataset(name, folders).catch((error: unknown) => {
      if (error instanceof DatasetError) return null;
      throw error;
    });
    if (dataset?.sha256 !== sha256) continue;
    await storeDataset(folders.cache, dataset);
    return present();
  }
  return null;
}
