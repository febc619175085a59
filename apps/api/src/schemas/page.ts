import { z } from 'zod';
import { queryInteger } from './fields.ts';

const defaultPageSize = 50;
const largestPageSize = 500;

/** The query fields that every listing has. */
export const pageQuery = {
  limit: queryInteger(1, largestPageSize).default(defaultPageSize).describe('How many to return at most'),
  cursor: z
    .string({ error: 'a cursor as a reply gave it' })
    .max(500, { error: 'a cursor as a reply gave it' })
    .optional()
    .describe('`nextCursor` of the page before'),
};

/** One page of a listing; `nextCursor` is null on the last. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
