import { createHash } from 'node:crypto';
import type { QueryConfig } from 'pg';

/**
 * A statement that each connection parses once: it is named by its text.
 *
 * @param timeoutMs how long it waits for its answer, whatever the pool allows; 0 is for ever.
 */
export function prepared(text: string, values: readonly unknown[], timeoutMs?: number): QueryConfig {
  const name = createHash('sha1').update(text).digest('base64url');
  // pg reads this field, and its types lack it.
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  return { name, text, values: [...values], ...limit };
}
