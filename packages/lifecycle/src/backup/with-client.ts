import pg from 'pg';
import { describeUrl } from '../database.ts';

/** Runs work over a connection of its own, without the limits on time that the pool's have. */
export async function withClient<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'bitkiln backup',
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
