import { createTestDatabase } from '@bitkiln/infra/testing';
import { beforeAll } from 'vitest';
import { serviceSuite } from './service-suite.ts';

let databaseUrl: string;
beforeAll(async () => {
  databaseUrl = await createTestDatabase();
});

serviceSuite('Postgres', () => ({ DATABASE_URL: databaseUrl }));
