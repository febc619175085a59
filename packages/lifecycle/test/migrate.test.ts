import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '@bitkiln/infra/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MigrationError, migrate } from '../src/index.ts';

const standard = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
const first = '20261124000000_init';
/** Those of this checkout, in their order. */
const shipped = readdirSync(standard)
  .filter((name) => /^\d{14}_/.test(name))
  .sort();

let url: string;
let client: pg.Client;
let folder: string;

/** A database as empty as a fresh one, and a copy of the migrations to change. */
beforeEach(async () => {
  url = await createTestDatabase();
  client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  folder = await mkdtemp(join(tmpdir(), 'bitkiln-migrations-'));
  await cp(standard, folder, { recursive: true });
});
afterEach(async () => {
  await client.end();
  await rm(folder, { recursive: true });
});

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

async function records() {
  const found = await client.query('SELECT * FROM _prisma_migrations ORDER BY migration_name');
  return found.rows;
}

test('applies what is missing, once, and records it as Prisma would', async () => {
  expect(await migrate(url)).toEqual(shipped);
  expect(await migrate(url)).toEqual([]);
  await client.query('SELECT id, best_loss FROM trials');
  const [record, ...more] = await records();
  expect(more.map(({ migration_name: name }) => name)).toEqual(shipped.slice(1));
  const sql = await readFile(join(standard, first, 'migration.sql'));
  expect(record).toMatchObject({
    migration_name: first,
    checksum: createHash('sha256').update(sql).digest('hex'),
    applied_steps_count: 1,
    logs: null,
    rolled_back_at: null,
    finished_at: expect.any(Date),
  });
});

test('of appliers that start at once, one applies each migration', async () => {
  await addMigration('20981201000000_more', 'CREATE TABLE more (id int); SELECT pg_sleep(0.2);');
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(url, folder)));
  expect(applied.flat().sort()).toEqual([...shipped, '20981201000000_more']);
  expect(await records()).toHaveLength(shipped.length + 1);
});

test('applies in the order of the names', async () => {
  await addMigration('20981202000000_fill', 'INSERT INTO made VALUES (1);');
  await addMigration('20981201000000_make', 'CREATE TABLE made (id int);');
  expect(await migrate(url, folder)).toEqual([...shipped, '20981201000000_make', '20981202000000_fill']);
});

test('refuses a migration whose file was changed after it was applied', async () => {
  await migrate(url, folder);
  await addMigration(first, `${await readFile(join(folder, first, 'migration.sql'), 'utf8')}-- changed\n`);
  await addMigration('20981201000000_more', 'CREATE TABLE more (id int);');
  await expect(migrate(url, folder)).rejects.toThrow(
    /'20261124000000_init' was changed after .* expected [0-9a-f]{64}/,
  );
  expect(await records()).toHaveLength(shipped.length);
});

test('refuses a database that a newer version migrated', async () => {
  await addMigration('20991231000000_future', 'CREATE TABLE future (id int);');
  await migrate(url, folder);
  await expect(migrate(url)).rejects.toThrow(/'20991231000000_future', which this bitkiln does not know/);
});

test('rolls a failing migration back as a whole, and keeps those before it', async () => {
  await addMigration('20981201000000_broken', 'CREATE TABLE half (id int); SELECT 1 / 0;');
  await expect(migrate(url, folder)).rejects.toThrow(MigrationError);
  await expect(migrate(url, folder)).rejects.toThrow(
    /'20981201000000_broken' failed and was rolled back: division/,
  );
  expect((await records()).map((record) => record.migration_name)).toEqual(shipped);
  await expect(client.query('SELECT * FROM half')).rejects.toThrow(/does not exist/);
});

test('names the database, and not its password, where it is out of reach', async () => {
  await expect(migrate('postgresql://me:secret@127.0.0.1:1/none')).rejects.toThrow(
    /127\.0\.0\.1:1\/none can't be reached/,
  );
  await expect(migrate('postgresql://me:secret@127.0.0.1:1/none')).rejects.not.toThrow(/secret/);
});
