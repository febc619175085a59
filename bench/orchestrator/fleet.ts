import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '@bitkiln/infra';
import pg from 'pg';
import { startTestRedis } from '../../infra/testing/redis.ts';
import { startApi } from '../../test/end-to-end/support/start-api.ts';

export interface Fleet {
  readonly databaseUrl: string;
  readonly apiUrl: string;
  /** The database itself, for measuring. */
  readonly pool: pg.Pool;
  /** Starts worker processes with so many slots each and waits until all are registered. */
  startWorkers(processes: number, threads: number): Promise<void>;
  stop(): Promise<void>;
}

const workerProgram = fileURLToPath(new URL('./noop-worker.ts', import.meta.url));

/** An API and workers that train nothing, over an embedded PostgreSQL with its usual settings. */
export async function startFleet(queue: 'postgres' | 'redis'): Promise<Fleet> {
  const root = await mkdtemp(join(tmpdir(), 'bitkiln-bench-'));
  await mkdir(join(root, 'postgres'));
  const postgres = await startEmbeddedPostgres({
    directory: join(root, 'postgres'),
    settings: { max_connections: 600 },
  });
  const redis = queue === 'redis' ? await startTestRedis() : null;
  const environment = {
    DATABASE_URL: postgres.url,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    RATE_LIMIT: '1000000',
  };
  const api = await startApi(environment);
  const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
  const workers: ReturnType<typeof spawn>[] = [];
  return {
    databaseUrl: postgres.url,
    apiUrl: api.url,
    pool,
    startWorkers: async (processes, threads) => {
      const slots = processes * threads + (await countOnline(pool));
      for (let i = 0; i < processes; i += 1) {
        const args = ['--import', import.meta.resolve('tsx'), workerProgram, '--threads', String(threads)];
        const env = { PATH: process.env.PATH, LOG_LEVEL: 'error', ...environment };
        workers.push(spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }));
      }
      while ((await countOnline(pool)) < slots) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    stop: async () => {
      await Promise.all(
        workers.map(async (worker) => {
          const exited = once(worker, 'exit');
          worker.kill('SIGTERM');
          await exited;
        }),
      );
      await pool.end();
      await api.stop();
      await redis?.stop();
      await postgres.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function countOnline(pool: pg.Pool): Promise<number> {
  const found = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM workers WHERE state = 'online'`,
  );
  return found.rows[0]!.n;
}
