import { IdxError, parseIdx } from '@bitkiln/core';
import { DatasetError } from '../dataset-error.ts';
import type { ByteArray } from '../formats/byte-array.ts';
import { readNpy } from '../formats/npy.ts';
import { readNpz } from '../formats/npz.ts';
import { readConfined } from './confined-path.ts';

/**
 * Reads an array of whole numbers from 0 to 255 below `root`. The reference is the path of an idx or npy file, or
 * of an npz file with the array's name behind `#`; the file's first bytes decide which it is.
 * @throws DatasetError naming the file
 */
export async function readArray(root: string, reference: string): Promise<ByteArray> {
  const hash = reference.lastIndexOf('#');
  const path = hash === -1 ? reference : reference.slice(0, hash);
  const array = hash === -1 ? null : reference.slice(hash + 1);
  const bytes = await readConfined(root, path, reference);
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  if (isZip) {
    if (array !== null) return readNpz(bytes, array, path);
    const expected = 'an array name behind the path, as in "set.npz#x_train"';
    throw new DatasetError({ source: path, field: 'reference', value: reference, expected });
  }
  if (array !== null) {
    const expected = 'an npz file in front of a #name';
    throw new DatasetError({ source: path, field: 'reference', value: reference, expected });
  }
  return bytes[0] === 0x93 ? readNpy(bytes, path) : readIdx(bytes, path);
}

function readIdx(bytes: Uint8Array, source: string): ByteArray {
  try {
    return parseIdx(bytes);
  } catch (error) {
    if (!(error instanceof IdxError)) throw error;
    const expected = `${error.expected} (${error.message})`;
    throw new DatasetError({ source, field: error.field, value: error.value, expected });
  }
}
