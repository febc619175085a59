import { createPostgresBackend, DEFAULT_SCHEMA, type PostgresConnectionOptions, runMigrations } from 'bullmq';
import pg from 'pg';
import { type Backend, silenceMs, workerOptions } from './backend.ts';

/** The queue on Postgres: BullMQ's tables, in a schema of their own beside ours. */
export async function openPostgresBackend(
  databaseUrl: string,
  onError: (error: unknown) => void,
): Promise<Backend> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 3,
    options: `-c search_path=${DEFAULT_SCHEMA}`,
    application_name: 'bitkiln-queue',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    // A connection that was cut without a word would hold one of the few for ever, and on the server's side its locks.
    query_timeout: silenceMs,
    idle_in_transaction_session_timeout: silenceMs,
  });
  pool.on('error', () => undefined);
  // Nor may one that breaks while it is in use end the process: the query under way reports it.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client, DEFAULT_SCHEMA);
    } finally {
      client.release();
    }
  } catch (error) {
    await pool.end();
    throw error;
  }
  // Its type for a pool names fewer overloads than pg declares.
  const connection = pool as unknown as PostgresConnectionOptions;
  const root = createPostgresBackend('root', { connection, ...workerOptions });
  root.on('error', onError);
  return {
    kind: 'postgres',
    root,
    held: async (queue, jobIds) => {
      const found = await pool.query<{ id: string }>(
        'SELECT id FROM job WHERE queue = $1 AND id = ANY ($2)',
        [queue, jobIds],
      );
      return new Set(found.rows.map(({ id }) => id));
    },
    close: async () => {
      await root.close();
      await pool.end();
    },
  };
}
