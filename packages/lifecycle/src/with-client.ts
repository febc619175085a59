import pg from 'pg';
import { describeUrl } from './database.ts';

/**
 * Runs work over a connection of its own, without the limits on time that the pool's have.
 *
 * @param applicationName shown in pg_stat_activity.
 * @throws Error naming the host and port (never the password) where the database can't be reached.
 */
export async function withClient<T>(
  url: string,
  applicationName: string,
  run: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: applicationName,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`the database at ${describeUrl(url)} can't be reached: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
