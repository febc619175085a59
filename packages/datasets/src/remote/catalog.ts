import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@bitkiln/core';
import type { DataFolders } from '../data-folders.ts';
import { DatasetError } from '../dataset-error.ts';
import { type OwnSet, readRegistry, registryPaths } from '../own/registry-file.ts';
import { packedLayout } from '../packed/packed-format.ts';
import { datasetNames, listDatasets, loadDataset } from '../registry.ts';
import { storeDataset, storedPath } from '../store/dataset-store.ts';
import type { DatasetDescriptor } from './dataset-source.ts';

/** A set that can't be used, with what is wrong with it. */
export interface FaultyDataset {
  readonly name: string;
  readonly fault: string;
}

/**
 * The data sets of a host, for a service that names them and hands them out. A set is read again only where its
 * files have changed.
 */
export interface DatasetCatalog {
  /** @throws DatasetError where the registry file is at fault */
  names(): Promise<string[]>;
  /** @throws DatasetError where there is no such set or its files are not what they should be */
  describe(name: string): Promise<DatasetDescriptor>;
  /** All sets; those that can't be read are told apart, so that one does not hide the others. */
  list(): Promise<{
    readonly items: readonly DatasetDescriptor[];
    readonly faulty: readonly FaultyDataset[];
  }>;
  /**
   * The file with a packed set, augmented ones included; a set that was never packed is packed first. Null where the
   * host has no set of this hash, or it is no hash.
   */
  packedFile(sha256: string): Promise<{ readonly path: string; readonly bytes: number } | null>;
}

/** What other hosts are told about a data set. */
export function describeDataset(dataset: Dataset): DatasetDescriptor {
  const { name, sha256, shape, classes } = dataset;
  const { header, totalBytes } = packedLayout(dataset);
  return { name, sha256, shape, classes, counts: header.counts, bytes: totalBytes };
}

export function createDatasetCatalog(folders: DataFolders): DatasetCatalog {
  const known = new Map<
    string,
    { readonly stamp: string; readonly descriptor: Promise<DatasetDescriptor> }
  >();

  async function describe(name: string): Promise<DatasetDescriptor> {
    const stamp = await stampOf(name, folders.datasets);
    const before = known.get(name);
    if (before?.stamp === stamp) return before.descriptor;
    const descriptor = loadDataset(name, folders).then(describeDataset);
    known.set(name, { stamp, descriptor });
    descriptor.catch(() => known.delete(name));
    return descriptor;
  }

  async function list() {
    const items: DatasetDescriptor[] = [];
    const faulty: FaultyDataset[] = [];
    for (const name of await listDatasets(folders)) {
      try {
        items.push(await describe(name));
      } catch (error) {
        if (!(error instanceof DatasetError)) throw error;
        faulty.push({ name, fault: error.message });
      }
    }
    return { items, faulty };
  }

  return {
    names: () => listDatasets(folders),
    describe,
    list,
    async packedFile(sha256) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
      const path = storedPath(folders.cache, sha256);
      const stored = await sizeOf(path);
      if (stored !== null) return { path, bytes: stored };
      const { items } = await list();
      const found = items.find((item) => item.sha256 === sha256);
      if (found === undefined) return null;
      await storeDataset(folders.cache, await loadDataset(found.name, folders));
      const bytes = await sizeOf(path);
      return bytes === null ? null : { path, bytes };
    },
  };
}

async function sizeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.size ?? null;
}

/** Changes whenever the files of a set do. */
async function stampOf(name: string, root: string): Promise<string> {
  if (datasetNames.includes(name)) return '';
  const set: OwnSet | undefined = (await readRegistry(root)).get(name);
  if (set === undefined) return 'none';
  const files = registryPaths(set).map(async (path) => {
    const file = await stat(join(root, path)).catch(() => null);
    return [path, file?.mtimeMs, file?.size];
  });
  return JSON.stringify([set, await Promise.all(files)]);
}
