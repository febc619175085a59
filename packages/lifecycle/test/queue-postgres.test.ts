import { createTestDatabase } from '@bitkiln/infra/testing';
import { beforeAll } from 'vitest';
import { type QueueServer, queueConformance } from './queue-conformance.ts';

let server: QueueServer;
beforeAll(async () => {
  server = { databaseUrl: await createTestDatabase() };
});

queueConformance('postgres', () => server);
