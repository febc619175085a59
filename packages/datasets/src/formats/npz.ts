import { unzipSync } from 'fflate';
import { DatasetError } from '../dataset-error.ts';
import type { ByteArray } from './byte-array.ts';
import { readNpy } from './npy.ts';

/** No array of a data set may be larger unpacked; it keeps a zip bomb from taking the host's memory. */
const maximumArrayBytes = 2 ** 31;

/**
 * Reads one array of NumPy's npz format (a zip of npy files, stored or deflated).
 * @param source what error messages call the file
 * @throws DatasetError where the file is no zip or holds no such array
 */
export function readNpz(bytes: Uint8Array, array: string, source: string): ByteArray {
  const wanted = `${array}.npy`;
  const names: string[] = [];
  let unpackedBytes = 0;
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        names.push(name.replace(/\.npy$/, ''));
        if (name === wanted) unpackedBytes = originalSize;
        return name === wanted && originalSize <= maximumArrayBytes;
      },
    });
  } catch (cause) {
    const value = cause instanceof Error ? cause.message : String(cause);
    throw new DatasetError({ source, field: 'zip', value, expected: 'an npz file as np.savez writes it' });
  }
  if (unpackedBytes > maximumArrayBytes) {
    throw new DatasetError({
      source,
      field: `${array} bytes`,
      value: unpackedBytes,
      expected: 'at most 2 GiB',
    });
  }
  const entry = entries[wanted];
  if (entry === undefined) {
    throw new DatasetError({ source, field: 'array', value: array, expected: `one of ${names.join(', ')}` });
  }
  return readNpy(entry, `${source}#${array}`);
}
