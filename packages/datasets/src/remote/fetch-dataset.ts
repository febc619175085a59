import { createHash } from 'node:crypto';
import type { Dataset } from '@bitkiln/core';
import { DatasetError } from '../dataset-error.ts';
import { writeAtomically } from '../packed/packed-file.ts';
import type { Watch } from '../progress.ts';
import { withBuildLock } from '../store/build-lock.ts';
import { loadStored, storedPath } from '../store/dataset-store.ts';
import type { DatasetSource, PackedStream } from './dataset-source.ts';

/**
 * Gets a packed set from the source into the cache, once for all the workers of a host, and loads it. Bytes whose
 * SHA-256 is not the one asked for are refused and leave nothing behind.
 * @returns null where the source has no such set
 * @throws DatasetError on a mismatch
 */
export async function fetchDataset(
  cache: string,
  source: DatasetSource,
  name: string,
  sha256: string,
  watch: Watch,
): Promise<Dataset | null> {
  const here = await loadStored(cache, name, sha256, watch);
  if (here !== null) return here;
  const path = storedPath(cache, sha256);
  return withBuildLock(path, watch, async () => {
    const meanwhile = await loadStored(cache, name, sha256, watch);
    if (meanwhile !== null) return meanwhile;
    const stream = await source.fetch(sha256, watch.signal);
    if (stream === null) return null;
    await writeAtomically(path, verified(stream, name, sha256, watch));
    return loadStored(cache, name, sha256, watch);
  });
}

const reportEveryBytes = 2 ** 22;

/** Passes the bytes on, and throws at the end where they are not those of the hash. */
async function* verified(
  { bytes, length }: PackedStream,
  name: string,
  sha256: string,
  { onProgress, signal }: Watch,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const source = `data set ${name} as fetched`;
  let received = 0;
  let reported = 0;
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    hash.update(chunk);
    received += chunk.length;
    if (length !== null && received > length) {
      throw new DatasetError({ source, field: 'bytes', value: received, expected: `${length} as announced` });
    }
    if (received - reported >= reportEveryBytes || reported === 0) {
      reported = received;
      onProgress?.({ phase: 'fetching', done: received, total: length ?? received });
    }
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw new DatasetError({ source, field: 'SHA-256', value: found, expected: sha256 });
}
