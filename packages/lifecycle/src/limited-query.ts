import type { QueryConfig } from 'pg';

/** A query that waits for its answer no longer than this, whatever the pool allows; 0 is for ever. pg's types lack the field. */
export function limitedQuery(text: string, values: unknown[], timeoutMs: number): QueryConfig {
  return { text, values, query_timeout: timeoutMs } as QueryConfig;
}
