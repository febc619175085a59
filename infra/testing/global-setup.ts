import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { freePort } from '../free-port.ts';
import { isProcessAlive } from '../postgres/owners.ts';
import { runningPostmaster } from '../postgres/postmaster.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/start.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Gives a fresh, migrated database for a POST; the server starts with the first. */
    testDatabaseService: string;
  }
}

const prefix = 'bitkiln-test-postgres-';
const template = 'template_migrated';

/** Nothing is worth keeping, so nothing waits for the disk. */
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 400 };

/**
 * One PostgreSQL for the whole test run, started when a test file first asks for a database, and a migrated
 * template that each file's database is cloned from.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = join(tmpdir(), `${prefix}${process.pid}`);
  let postgres: Promise<EmbeddedPostgres> | null = null;
  let clones = Promise.resolve();

  const start = async () => {
    await removeLeftovers();
    await mkdir(folder, { recursive: true });
    const started = await startEmbeddedPostgres({ directory: folder, settings });
    await onServer(started.url, (client) => client.query(`CREATE DATABASE ${template}`));
    const { migrate } = await import('@bitkiln/lifecycle');
    await migrate(databaseUrl(started.url, template));
    return started;
  };
  const clone = async () => {
    postgres ??= start();
    const { url } = await postgres;
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    // One at a time: a template can't be cloned by two at once.
    const made = clones.then(() =>
      onServer(url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)),
    );
    clones = made.then(
      () => undefined,
      () => undefined,
    );
    await made;
    return databaseUrl(url, name);
  };

  const service = createServer((request, response) => {
    request.resume();
    clone().then(
      (url) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  const port = await freePort();
  await new Promise<void>((resolve) => service.listen(port, '127.0.0.1', resolve));
  project.provide('testDatabaseService', `http://127.0.0.1:${port}`);

  return async () => {
    service.close();
    // The test that asked for it reports why it did not start.
    await (await postgres?.catch(() => null))?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** Ends and removes the databases of test runs that were killed; another user's are left to that user. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix) || isProcessAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    const folder = join(tmpdir(), name);
    try {
      const server = await runningPostmaster(join(folder, 'data'));
      // Immediate shutdown: nothing in it is worth a checkpoint.
      if (server !== null) process.kill(server.pid, 'SIGQUIT');
      await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
    } catch (error) {
      if (!['EACCES', 'EPERM', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(url: string, run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}
