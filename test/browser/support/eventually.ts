import { expect } from 'vitest';

/** Expects something of the page soon: a busy machine has its time, and more. */
export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 15_000 });
}
