import pg from 'pg';

/** What the driver sees of the database directly, past the proxies; a database that is down shows nothing. */
export interface Observer {
  /** Whether a process has an attempt that trains or commits now; without a pid, whether any has. */
  busy(pid?: number): Promise<boolean>;
  /** Ids of trials in any state, the newest first. */
  trialIds(limit: number): Promise<readonly string[]>;
  /** Experiments of these ids that aren't over. */
  unfinished(ids: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

export function createObserver(databaseUrl: string): Observer {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 2000 });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    busy: async (pid) => {
      const found = await pool
        .query(
          `SELECT 1 FROM attempts a JOIN workers w ON w.id = a.worker_id
            WHERE a.state = 'running' AND a.lease_expires_at > clock_timestamp() AND ($1::int IS NULL OR w.pid = $1)
           UNION ALL
           SELECT 1 FROM experiments e JOIN workers w ON w.id = e.evaluation_worker_id
            WHERE e.evaluation_lease_expires_at > clock_timestamp() AND ($1::int IS NULL OR w.pid = $1)
            LIMIT 1`,
          [pid ?? null],
        )
        .catch(() => null);
      return (found?.rowCount ?? 0) > 0;
    },
    trialIds: async (limit) => {
      const found = await pool
        .query<{ id: string }>('SELECT id FROM trials ORDER BY id DESC LIMIT $1', [limit])
        .catch(() => null);
      return found?.rows.map(({ id }) => id) ?? [];
    },
    unfinished: async (ids) => {
      const found = await pool
        .query<{ id: string }>(
          `SELECT id FROM experiments WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL`,
          [ids],
        )
        .catch(() => null);
      return found?.rows.map(({ id }) => id) ?? ids;
    },
    close: () => pool.end(),
  };
}
