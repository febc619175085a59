import { z } from 'zod';
import { fieldError, invalidRequest } from './problems/invalid-request.ts';

const cursorBody = z.tuple([z.string(), z.array(z.union([z.string(), z.number(), z.null()]))]);

/** Sort values of the last row of a page, its id last. */
export type Position = readonly (string | number | null)[];

/** An opaque cursor that continues a listing in the given order behind a row. */
export function writeCursor(order: string, position: Position): string {
  return Buffer.from(JSON.stringify([order, position])).toString('base64url');
}

/**
 * The position behind which a listing goes on.
 * @throws Problem where the cursor is damaged, or from a listing in another order.
 */
export function readCursor<Shape extends z.ZodType<Position>>(
  order: string,
  shape: Shape,
  cursor: string,
): z.output<Shape> {
  const body = cursorBody.safeParse(decode(cursor));
  const position = body.success && body.data[0] === order ? shape.safeParse(body.data[1]) : undefined;
  if (position?.success) return position.data;
  const expected = `a cursor that a page of this listing, sorted by ${order}, gave as nextCursor`;
  throw invalidRequest([fieldError('query', ['cursor'], cursor, expected)]);
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
