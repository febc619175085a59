import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readCursor, writeCursor } from '../src/cursor.ts';
import { Problem } from '../src/problems/problem.ts';

const position = z.tuple([z.number().nullable(), z.uuid()]);
const id = '0198c0de-0000-7000-8000-000000000000';

test('a cursor gives back its position to the last bit', () => {
  fc.assert(
    fc.property(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
      const cursor = writeCursor('loss', [value, id]);
      // JSON has one zero.
      expect(readCursor('loss', position, cursor)).toEqual([value === 0 ? 0 : value, id]);
      expect(cursor).toMatch(/^[\w-]+$/);
    }),
  );
});

test('a cursor of another order, of another shape or of noise is refused', () => {
  const foreign = writeCursor('newest', [null, id]);
  const misshapen = writeCursor('loss', [id, 1]);
  for (const cursor of [foreign, misshapen, '', 'e30', '%%%', 'null', foreign.slice(0, -3)]) {
    expect(() => readCursor('loss', position, cursor)).toThrow(Problem);
  }
  fc.assert(
    fc.property(fc.string(), (noise) => {
      expect(() => readCursor('loss', position, noise)).toThrow(/query \/cursor: got/);
    }),
  );
});
