import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { ClientBase } from 'pg';
import { knownMigrations, migrate } from '../migrate.ts';
import { withClient } from '../with-client.ts';
import { applicationName, BackupError, type BackupHeader, formatVersion } from './format.ts';
import { loadTables } from './load-tables.ts';
import { readLines } from './read-lines.ts';
import { findMigrations } from './tables.ts';

export interface RestoreResult {
  readonly createdAt: string;
  readonly rows: Readonly<Record<string, number>>;
  /** Migrations of this version that the backup had not seen. */
  readonly migrated: readonly string[];
}

/**
 * Fills a fresh database from a backup, in one transaction: with the tables that the backup was made of, then this
 * version's migrations on top. What was running at the backup's moment goes on from its last checkpoint, once its
 * lease is taken back.
 *
 * @throws BackupError where the file is no whole backup, or the database holds experiments, is in use by a service,
 * or has tables of another version than the backup.
 */
export async function restore(databaseUrl: string, file: string): Promise<RestoreResult> {
  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  const lines = readLines(source.pipe(gunzip) as AsyncIterable<Buffer>);
  try {
    const header = readHeader((await lines.next()).value || null, file);
    await requireKnown(header);
    await withClient(databaseUrl, applicationName, (client) => requireFresh(client, header));
    await migrate(databaseUrl, undefined, header.migrations);
    const rows = await withClient(databaseUrl, applicationName, (client) => loadTables(client, lines, file));
    return { createdAt: header.createdAt, rows, migrated: await migrate(databaseUrl) };
  } catch (error) {
    throw isUnreadable(error) ? new BackupError(`${file} is no whole backup: ${error.message}`) : error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && /^Z_/.test((error as NodeJS.ErrnoException).code ?? '');
}

function readHeader(line: Buffer | null, file: string): BackupHeader {
  let header: Partial<BackupHeader> | null;
  try {
    header = JSON.parse(line?.toString('utf8') ?? '');
  } catch {
    header = null;
  }
  if (header?.format !== 'bitkiln-backup') throw new BackupError(`${file} is no backup of bitkiln`);
  if (header.formatVersion !== formatVersion) {
    throw new BackupError(
      `${file} has the format version ${header.formatVersion}; expected ${formatVersion}: another bitkiln made it`,
    );
  }
  return header as BackupHeader;
}

async function requireKnown({ migrations }: BackupHeader): Promise<void> {
  const known = await knownMigrations();
  const unknown = migrations.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new BackupError(
    `the backup has the migration '${unknown[0]}', which this bitkiln does not know: a newer one made it`,
  );
}

async function requireFresh(client: ClientBase, { migrations }: BackupHeader): Promise<void> {
  const present = await findMigrations(client);
  if (present.length === 0) return;
  const users = await lastingUsers(client);
  if (users.length > 0) {
    throw new BackupError(
      `a service uses the database (${users.join(', ')}); stop its API and workers first`,
    );
  }
  if (present.join() !== migrations.join()) {
    throw new BackupError(
      'the database has tables of another version than the backup; restore into a fresh one',
    );
  }
}

/** The service's other connections, by name. A process that has just ended is seen for a moment still. */
async function lastingUsers(client: ClientBase): Promise<readonly string[]> {
  for (let tries = 1; ; tries += 1) {
    const others = await client.query<{ name: string }>(
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'bitkiln%'`,
    );
    if (others.rows.length === 0 || tries === 10) return others.rows.map(({ name }) => name);
    await sleep(200);
  }
}
