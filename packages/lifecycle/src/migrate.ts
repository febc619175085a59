import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { withClient } from './with-client.ts';

/** The migrations of this checkout, in Prisma's standard layout. */
const standardFolder = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** The advisory lock that `prisma migrate deploy` takes too, so that the two never run at once. */
const prismaLock = 72_707_369;

/** Prisma's own record of what was applied, as `prisma migrate deploy` would make it. */
const recordTable = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                  VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"            VARCHAR(64) NOT NULL,
    "finished_at"         TIMESTAMPTZ,
    "migration_name"      VARCHAR(255) NOT NULL,
    "logs"                TEXT,
    "rolled_back_at"      TIMESTAMPTZ,
    "started_at"          TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** Hex SHA-256 of the file. */
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** The database's migrations and this checkout's don't go together; nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Brings the database to this checkout's schema: every migration not yet applied, in order, each in a transaction
 * of its own. Several processes may call it at once: one works, the others wait.
 *
 * @param folder migrations in Prisma's layout; default: this checkout's.
 * @param only names of those to apply; default: all.
 * @returns the names applied by this call.
 * @throws MigrationError where an applied migration's file was changed, failed half way, or is not known here.
 */
export async function migrate(
  url: string,
  folder: string = standardFolder,
  only?: readonly string[],
): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  return withClient(url, 'bitkiln', async (client) => {
    // Held by the session: it goes with the connection, however that ends.
    await client.query('SELECT pg_advisory_lock($1)', [prismaLock]);
    await client.query(recordTable);
    const applied = await client.query<Applied>(
      'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL',
    );
    const pending = pendingMigrations(migrations, applied.rows).filter(
      ({ name }) => only === undefined || only.includes(name),
    );
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  });
}

/** Names of this checkout's migrations, in order. */
export async function knownMigrations(): Promise<readonly string[]> {
  return (await readMigrations(standardFolder)).map(({ name }) => name);
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(folder, name, 'migration.sql'));
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    }),
  );
}

function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly Applied[],
): readonly Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of applied) {
    const migration = known.get(row.migration_name);
    if (migration === undefined) {
      throw new MigrationError(
        `the database has the migration '${row.migration_name}', which this bitkiln does not know: ` +
          'a newer one migrated it; run that, or a database of its own',
      );
    }
    if (row.finished_at === null) {
      throw new MigrationError(
        `the migration '${row.migration_name}' once failed half way; see 'prisma migrate resolve' for what to do`,
      );
    }
    if (row.checksum !== migration.checksum) {
      throw new MigrationError(
        `the migration '${row.migration_name}' was changed after it was applied: its file has the SHA-256 ` +
          `${migration.checksum}, expected ${row.checksum}`,
      );
    }
  }
  const done = new Set(applied.map((row) => row.migration_name));
  return migrations.filter(({ name }) => !done.has(name));
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError(
      `the migration '${name}' failed and was rolled back: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
