import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '@bitkiln/infra';
import pg from 'pg';
import { postgresBinaries } from '../../../infra/postgres/binaries.ts';
import { postgresUser } from '../../../infra/postgres/run-as.ts';

export interface PostgresServer {
  readonly port: number;
  /** Makes a database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Ends it as a crash would, leaves it down for so long, and starts it again. */
  crash(downMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL of the run's own, as durable as a user's. */
export async function startPostgresServer(
  directory: string,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<PostgresServer> {
  const started = await startEmbeddedPostgres({ directory, settings });
  const data = join(directory, 'data');
  const { pgCtl } = await postgresBinaries();
  const user = await postgresUser(data, [directory, pgCtl]);
  const control = async (...args: readonly string[]) => {
    const { code, output } = await user.run(pgCtl, [...args, '-w', '-s', '-D', data]);
    if (code !== 0) throw new Error(`pg_ctl ${args[0]} failed with code ${code}: ${output}`);
  };
  const abandon = () => {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
  };
  // The server is no child of this process: a run that is broken off must end it by hand.
  process.once('exit', abandon);
  return {
    port: Number(new URL(started.url).port),
    createDatabase: async (name) => {
      const client = new pg.Client({ connectionString: started.url });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${name}`);
      } finally {
        await client.end();
      }
      const url = new URL(started.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    crash: async (downMs) => {
      await control('stop', '-m', 'immediate');
      await sleep(downMs);
      await control('start', '-l', join(directory, 'postgres.log'));
    },
    stop: async () => {
      process.off('exit', abandon);
      await started.stop();
    },
  };
}
