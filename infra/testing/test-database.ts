import { inject } from 'vitest';
import type {} from './global-setup.ts';

/**
 * A fresh, migrated database of this test file's own, on the test run's PostgreSQL. It goes with the run.
 *
 * @returns its connection URL.
 */
export async function createTestDatabase(): Promise<string> {
  const response = await fetch(inject('testDatabaseService'), { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(`no test database: ${text}`);
  return text;
}
