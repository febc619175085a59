import type { ClientBase } from 'pg';
import type { TableHeader } from './format.ts';

/** The tables of the life cycle with the columns that can be written; generated ones fill themselves. */
export async function findTables(client: ClientBase): Promise<readonly TableHeader[]> {
  const found = await client.query<TableHeader>(
    `SELECT relname AS table, array_agg(attname::text ORDER BY attnum) AS columns
       FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations'
        AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
      GROUP BY relname ORDER BY relname`,
  );
  return found.rows;
}

/** Names of the migrations that a database has, in order; none where it is fresh. */
export async function findMigrations(client: ClientBase): Promise<readonly string[]> {
  const exists = await client.query(`SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS there`);
  if (exists.rows[0].there !== true) return [];
  const found = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM "_prisma_migrations"
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return found.rows.map(({ name }) => name);
}

/** A name as SQL. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
