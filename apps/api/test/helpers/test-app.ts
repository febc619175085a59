import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatasetCatalog } from '@bitkiln/datasets';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, type Database, type JobQueue, openQueue } from '@bitkiln/lifecycle';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, expect } from 'vitest';
import { type AppOptions, buildApp } from '../../src/app.ts';

export interface TestApp {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly queue: JobQueue;
}

/** The built-in sets alone, whatever this machine's user has. */
const nowhere = join(tmpdir(), 'bitkiln-no-such-folder');
const builtInSets = createDatasetCatalog({ datasets: nowhere, cache: nowhere });

/** An app over a database and queue of the test file's own; all of it closes after the file. */
export async function buildTestApp(options: Partial<AppOptions> = {}): Promise<TestApp> {
  const databaseUrl = await createTestDatabase();
  const database = await connectDatabase(databaseUrl);
  const queue = await openQueue({ databaseUrl });
  const app = await buildApp({ database, queue, datasets: builtInSets, ...options });
  await app.ready();
  afterAll(async () => {
    await app.close();
    await queue.close();
    await database.close();
  });
  return { app, database, queue };
}

/** The rows of every table that a request could write. */
export async function countRows({ database: { pool } }: TestApp): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select ((select count(*) from experiments) + (select count(*) from stages) + (select count(*) from trials)
      + (select count(*) from events) + (select count(*) from attempts))::int as count`,
  );
  return rows[0]!.count;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: replies are what the tests look into.
  readonly body: any;
  readonly text: string;
}

/** Injects a request; a JSON reply is parsed, and an error must be a whole problem document. */
export async function send(app: FastifyInstance, request: InjectOptions): Promise<Reply> {
  const response = await app.inject(request);
  const type = String(response.headers['content-type'] ?? '');
  const body = type.includes('json') && response.payload !== '' ? JSON.parse(response.payload) : undefined;
  if (response.statusCode >= 400 && request.method !== 'HEAD') {
    expect(type).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: expect.stringMatching(/^urn:problem-type:bitkiln:[a-z-]+$/),
      title: expect.any(String),
      status: response.statusCode,
      detail: expect.any(String),
      requestId: response.headers['x-request-id'],
    });
    expect(response.payload).not.toMatch(/node_modules|\.ts:\d|\\n\s+at /);
  }
  return { status: response.statusCode, headers: response.headers, body, text: response.payload };
}

export function post(app: FastifyInstance, url: string, body: unknown, headers: Record<string, string> = {}) {
  return send(app, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function get(app: FastifyInstance, url: string, headers: Record<string, string> = {}) {
  return send(app, { method: 'GET', url, headers });
}
