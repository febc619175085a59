import type { DatasetInfo } from '@bitkiln/core';
import { z } from 'zod';
import { DatasetError } from '../dataset-error.ts';

/** A data set as it is announced to workers that may not have it. */
export interface DatasetDescriptor extends DatasetInfo {
  /** SHA-256, in hex, of the packed form. */
  readonly sha256: string;
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number };
  /** Length of the packed form. */
  readonly bytes: number;
}

/** Where a worker gets data sets that its host lacks. */
export interface DatasetSource {
  /** What the source has under a name; null where it has nothing. */
  describe(name: string, signal?: AbortSignal): Promise<DatasetDescriptor | null>;
  /** A packed set's bytes in order; null where the source has none of this hash. */
  fetch(sha256: string, signal?: AbortSignal): Promise<PackedStream | null>;
}

export interface PackedStream {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** As announced; null where it was not. */
  readonly length: number | null;
}

const listSchema = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      shape: z.object({ rows: z.int(), cols: z.int(), channels: z.int() }),
      classes: z.int(),
      counts: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
      bytes: z.int(),
    }),
  ),
});

/**
 * The data sets of a bitkiln API: `GET /datasets` lists them, `GET /datasets/<sha256>` gives one packed.
 * @param token sent as a bearer token where it is not null
 */
export function httpDatasetSource(apiUrl: string, token: string | null): DatasetSource {
  const base = apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`;
  const get = async (path: string, signal: AbortSignal | undefined): Promise<Response | null> => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(new URL(path, base), {
      headers,
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return null;
    throw new DatasetError({
      source: `${base}${path}`,
      field: 'status',
      value: response.status,
      expected: '200 or 404',
    });
  };
  return {
    async describe(name, signal) {
      const response = await get('datasets', signal);
      if (response === null) return null;
      const list = listSchema.parse(await response.json());
      return list.items.find((item) => item.name === name) ?? null;
    },
    async fetch(sha256, signal) {
      const response = await get(`datasets/${sha256}`, signal);
      if (response?.body == null) return null;
      const length = response.headers.get('content-length');
      return { bytes: response.body, length: length === null ? null : Number(length) };
    },
  };
}
