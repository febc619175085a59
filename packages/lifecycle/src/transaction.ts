import pg, { type PoolClient, type QueryResult, type QueryResultRow } from 'pg';
import type { Database } from './database.ts';
import { prepared } from './prepared.ts';
import { isTransientError } from './transient.ts';

/** A connection inside a transaction. */
export interface Transaction {
  /** @param timeoutMs where the statement may take longer than the usual limit, or less. */
  query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
    timeoutMs?: number,
  ): Promise<QueryResult<Row>>;
}

/** Thrown inside a transaction to begin it afresh: what it had read was overtaken before it could lock it. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

const maxTries = 10;

/**
 * Runs one guarded transition. The default isolation (read committed) is enough, since every transition locks
 * the rows that it judges before it reads them, always in one order, so that none waits for another in a circle:
 * trials by id, then the experiment, then the rest. Deadlocks with work outside this package begin it afresh.
 */
export async function inTransaction<T>(
  database: Database,
  run: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const client = await database.pool.connect();
    let broken = false;
    try {
      const began = client.query('BEGIN');
      const [result] = await Promise.all([run(after(began, client)), began]);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = isConnectionLost(error) || !(await rolledBack(client));
      if (!mayRepeat(error) || tries === maxTries) throw error;
    } finally {
      client.release(broken);
    }
  }
}

/**
 * A way to the server and back is saved where the first statement doesn't wait for BEGIN's answer. If BEGIN is refused,
 * that statement runs outside of any transaction: so it may be a SELECT alone, which leaves nothing behind.
 */
function after(began: Promise<unknown>, client: PoolClient): Transaction {
  return {
    query: async <Row extends QueryResultRow>(
      text: string,
      values: readonly unknown[],
      timeoutMs?: number,
    ) => {
      if (!text.startsWith('SELECT ')) await began;
      const result = await client.query<Row>(prepared(text, values, timeoutMs));
      await began;
      return result;
    },
  };
}

/** Over a lost connection nothing more is said: the server rolls back by itself. */
function isConnectionLost(error: unknown): boolean {
  return isTransientError(error) && !(error instanceof pg.DatabaseError);
}

function rolledBack(client: PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

function mayRepeat(error: unknown): boolean {
  return (
    error instanceof OvertakenError || ['40001', '40P01'].includes((error as { code?: string }).code ?? '')
  );
}
