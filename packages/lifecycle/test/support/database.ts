import { createTestDatabase } from '@bitkiln/infra/testing';
import { afterAll, beforeAll } from 'vitest';
import { connectDatabase, type Database } from '../../src/index.ts';

/** A database of the calling test file's own, open for as long as its tests run. */
export function useDatabase(): () => Database {
  let database: Database;
  beforeAll(async () => {
    database = await connectDatabase(await createTestDatabase(), { poolSize: 20 });
  });
  afterAll(() => database?.close());
  return () => database;
}
