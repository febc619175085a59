import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@bitkiln/core';
import { DatasetError } from '../dataset-error.ts';
import { readPackedFile, writeAtomically, writePackedFile } from '../packed/packed-file.ts';
import type { Watch } from '../progress.ts';

/*
 * The cache holds packed sets by their SHA-256, and for every recipe that was made a JSON file that names its set:
 *
 *   sets/<sha256>.bin
 *   recipes/<key>.json
 *
 * Files appear by renaming, so none is ever seen half written, and the recipe is written after its set.
 */

/** Where the cache keeps a packed set. */
export function storedPath(cache: string, sha256: string): string {
  return join(cache, 'sets', `${sha256}.bin`);
}

export async function storeDataset(cache: string, dataset: Dataset): Promise<void> {
  await writePackedFile(dataset, storedPath(cache, dataset.sha256));
}

/**
 * A stored set, in shared memory; null where the cache has none. A file whose bytes are not those of its name is
 * deleted, which the watch is told, and counts as none.
 */
export async function loadStored(
  cache: string,
  name: string,
  sha256: string,
  watch: Watch,
): Promise<Dataset | null> {
  const path = storedPath(cache, sha256);
  try {
    return await readPackedFile(path, name, sha256);
  } catch (error) {
    if (isMissing(error)) return null;
    if (!(error instanceof DatasetError)) throw error;
    watch.onProgress?.({
      phase: 'discarding a damaged file',
      done: 0,
      total: 1,
      note: `${path}: ${error.message}`,
    });
    await rm(path, { force: true });
    return null;
  }
}

/** What a recipe's file says; null where there is none, or nothing that can be read. */
export async function readRecipeFile(cache: string, key: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(recipePath(cache, key), 'utf8'));
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

export async function writeRecipeFile(cache: string, key: string, content: unknown): Promise<void> {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  await writeAtomically(recipePath(cache, key), [new TextEncoder().encode(text)]);
}

/** What builders of a recipe lock. */
export function recipeLock(cache: string, key: string): string {
  return join(cache, 'recipes', key);
}

function recipePath(cache: string, key: string): string {
  return join(cache, 'recipes', `${key}.json`);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
