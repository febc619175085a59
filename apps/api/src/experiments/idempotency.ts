import { createHash } from 'node:crypto';
import { fieldError, invalidRequest } from '../problems/invalid-request.ts';

/** A digest that is equal for bodies that ask for the same, whatever the order of their fields. */
export function bodyHash(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The `Idempotency-Key` of a request, or undefined where it has none.
 * @throws Problem where it is there, but no key.
 */
export function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const expected = '1 to 255 printable ASCII characters without spaces';
  throw invalidRequest([fieldError('header', ['idempotency-key'], header, expected)]);
}
