import { strToU8, zipSync } from 'fflate';
import type { ExportTarget } from './export.ts';
import type { Files } from './files.ts';

/** An export as one file to serve. */
export interface Download {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const mediaTypes: Readonly<Record<string, string>> = {
  'model.h5': 'application/x-hdf5',
  'model.json': 'application/json',
};

/** The one file of an export as it is, or all of them in a ZIP archive; the same bytes for the same files. */
export function downloadOf(files: Files, target: ExportTarget): Download {
  const entries = Object.entries(files).map(([name, content]): [string, Uint8Array] => [
    name,
    typeof content === 'string' ? strToU8(content) : content,
  ]);
  const [first] = entries;
  if (first !== undefined && entries.length === 1) {
    const [name, bytes] = first;
    return { name, mediaType: mediaTypes[name] ?? 'application/octet-stream', bytes };
  }
  // ZIP holds times of the clock on the wall; the first that it knows says nothing.
  const mtime = new Date(1980, 0, 1);
  return {
    name: `bitkiln-${target}.zip`,
    mediaType: 'application/zip',
    bytes: zipSync(Object.fromEntries(entries), { mtime }),
  };
}
