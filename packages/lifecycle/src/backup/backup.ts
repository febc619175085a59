import { createWriteStream } from 'node:fs';
import { access, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ClientBase } from 'pg';
import { to } from 'pg-copy-streams';
import { withClient } from '../with-client.ts';
import { applicationName, BackupError, type BackupHeader, endOfTable, formatVersion } from './format.ts';
import { findMigrations, findTables, quote } from './tables.ts';

export interface BackupResult {
  readonly file: string;
  readonly bytes: number;
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Writes all experiments, with their checkpoints and model files, the workers, tokens and the audit to a file: as
 * they stood at one moment, while the service runs on. The file gets its name once it is whole; only its owner can
 * read it.
 *
 * @throws BackupError where the file exists already, or the database has no tables.
 */
export function backup(databaseUrl: string, file: string): Promise<BackupResult> {
  return withClient(databaseUrl, applicationName, async (client) => {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) throw new BackupError(`${file} exists already; name a new file`);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const migrations = await findMigrations(client);
    if (migrations.length === 0) throw new BackupError('the database has no tables of bitkiln to back up');
    const part = `${file}.part`;
    const rows: Record<string, number> = {};
    try {
      const target = createWriteStream(part, { mode: 0o600, flush: true });
      await pipeline(Readable.from(dump(client, migrations, rows)), createGzip(), target);
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    return { file, bytes: (await stat(file)).size, rows };
  });
}

async function* dump(
  client: ClientBase,
  migrations: readonly string[],
  rows: Record<string, number>,
): AsyncGenerator<string | Buffer> {
  const header: BackupHeader = {
    format: 'bitkiln-backup',
    formatVersion,
    createdAt: new Date().toISOString(),
    migrations,
  };
  yield `${JSON.stringify(header)}\n`;
  for (const { table, columns } of await findTables(client)) {
    yield `${JSON.stringify({ table, columns })}\n`;
    const copy = client.query(to(`COPY ${quote(table)} (${columns.map(quote).join(', ')}) TO STDOUT`));
    yield* copy as AsyncIterable<Buffer>;
    yield endOfTable;
    rows[table] = copy.rowCount;
  }
  yield `${JSON.stringify({ rows })}\n`;
}
