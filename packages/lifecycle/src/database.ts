import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.ts';

/** One pool of connections, seen as a Prisma client for reading and as SQL for the guarded transactions. */
export interface Database {
  readonly url: string;
  readonly prisma: PrismaClient;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Most connections held at once; default 10. */
  readonly poolSize?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
}

/**
 * A connection that was cut without a word must hold neither its user nor, on the server's side, the rows that it
 * had locked. The server's own limit comes first, so that a slow statement ends with an answer.
 */
const timeouts = {
  query_timeout: 10_000,
  statement_timeout: 9_000,
  idle_in_transaction_session_timeout: 5_000,
} as const;

/**
 * Connects, and asks the database to answer once.
 *
 * @throws Error naming the host and port (never the password) where it can't be reached.
 */
export async function connectDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize ?? 10,
    application_name: options.applicationName ?? 'bitkiln',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    // A transaction's BEGIN travels with its first statement.
    pipeline: true,
    ...timeouts,
  });
  // An idle connection that breaks is replaced at the next use, which reports what is wrong if that fails too.
  pool.on('error', () => undefined);
  // Nor may one that breaks inside a transaction end the process: the query under way reports it.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw new Error(`the database at ${describeUrl(url)} can't be reached: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    url,
    prisma,
    pool,
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Host, port and database of a connection URL, without user and password. */
export function describeUrl(url: string): string {
  if (!URL.canParse(url)) return 'a URL that is not valid';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
