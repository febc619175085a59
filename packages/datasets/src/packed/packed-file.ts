import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Dataset } from '@bitkiln/core';
import { DatasetError } from '../dataset-error.ts';
import { sharedBytes } from '../image-set.ts';
import { type DatasetParts, packedBody, packedLayout, readPacked } from './packed-format.ts';

/** The packed form as one array. */
export function packDataset(parts: DatasetParts): Uint8Array {
  const { head, totalBytes } = packedLayout(parts);
  const packed = new Uint8Array(totalBytes);
  let at = 0;
  for (const bytes of [head, ...packedBody(parts)]) {
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed;
}

/**
 * Reads a packed data set, whose bytes stay its memory.
 * @throws DatasetError where its SHA-256 is not `sha256`, or it is no packed data set
 */
export function unpackDataset(bytes: Uint8Array, name: string, sha256: string): Dataset {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    throw new DatasetError({ source: `data set ${name}`, field: 'SHA-256', value: found, expected: sha256 });
  }
  return { name, ...readPacked(bytes, `data set ${name}`), sha256 };
}

/** Writes a packed data set to `path`, whole or not at all. */
export async function writePackedFile(parts: DatasetParts, path: string): Promise<void> {
  await writeAtomically(path, [packedLayout(parts).head, ...packedBody(parts)]);
}

/**
 * Loads a packed file into one SharedArrayBuffer.
 * @throws DatasetError where its SHA-256 is not `sha256`; the file system's error where it can't be read
 */
export async function readPackedFile(path: string, name: string, sha256: string): Promise<Dataset> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = sharedBytes(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 2 ** 28), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return unpackDataset(bytes, name, sha256);
  } finally {
    await file.close();
  }
}

/**
 * Writes a file beside its place and renames it there, so that a reader never sees half of it and a killed writer
 * leaves only a `.tmp` file, which a later writer of the same path removes.
 */
export async function writeAtomically(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await removeAbandoned(path);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A temporary file that nobody has written to for this long has no writer any more. */
const abandonedMs = 3_600_000;

async function removeAbandoned(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith('.tmp')) continue;
    const temporary = join(dirname(path), name);
    const file = await stat(temporary).catch(() => null);
    if (file !== null && Date.now() - file.mtimeMs > abandonedMs) await rm(temporary, { force: true });
  }
}
