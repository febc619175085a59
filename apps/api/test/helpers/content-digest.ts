import type { TestApp } from './test-app.ts';

/** Written by the service's own upkeep, whoever asks for what. */
const upkeep = ['upkeep', 'outbox', '_prisma_migrations'];
const upkeepColumns = ['dispatch', 'dispatched_at'];

/** A digest of every row of every table, so that no write goes unseen. */
export async function contentDigest({ database: { pool } }: TestApp): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> ALL ($1) ORDER BY 1`,
    [upkeep],
  );
  const digests = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await pool.query<{ digest: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, E'\\n' ORDER BY line)), '') AS digest
           FROM (SELECT (to_jsonb(t) - $1::text[])::text AS line FROM "${name}" t) AS lines`,
        [upkeepColumns],
      );
      return `${name} ${rows[0]!.digest}`;
    }),
  );
  return digests.join('\n');
}
