import { expect, test } from 'vitest';
import { newId } from '../src/index.ts';

test('ids are version 7 UUIDs of now, distinct, and sorted in the order drawn', () => {
  const before = Date.now();
  const ids = Array.from({ length: 10_000 }, newId);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  const ms = Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16);
  expect(ms).toBeGreaterThanOrEqual(before);
  expect(ms).toBeLessThanOrEqual(Date.now());
});
