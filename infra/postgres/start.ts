import { constants } from 'node:fs';
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort, isPortFree } from '../free-port.ts';
import { type PostgresBinaries, postgresBinaries } from './binaries.ts';
import { clusterUser, ensureCluster, giveTo, writeSettings } from './cluster.ts';
import { joinUsers, leaveUsers, withLock } from './owners.ts';
import { runningPostmaster } from './postmaster.ts';
import { type PostgresUser, postgresUser } from './run-as.ts';

export interface EmbeddedPostgres {
  /** Connection URL of the `bitkiln` database, on 127.0.0.1. */
  readonly url: string;
  /** True where a server was found running on the folder: another process's, or one that a killed process left. */
  readonly adopted: boolean;
  /** Stops the server once no other living process uses it. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Holds the data, the password, the port and the log; made where it doesn't exist. */
  readonly directory: string;
  /** Settings over the defaults, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const database = 'bitkiln';

const defaultSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Notices a client whose host went away within half a minute.
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 4,
};

/**
 * Starts the PostgreSQL that came with the packages on a folder of its own, as root or as an ordinary user. The
 * server is no child of this process: it outlives a kill, and the next start adopts it.
 *
 * @throws Error saying what to do, where it can't start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.directory);
  const data = join(folder, 'data');
  const binaries = await postgresBinaries();
  await ensureFolder(folder);
  const user = await postgresUser(data, [folder, binaries.pgCtl]);
  return withLock(folder, async () => {
    await giveTo(user, folder);
    const password = await ensureCluster(folder, binaries, user, options.settings?.fsync !== 'off');
    const urlOn = (port: number, name: string) =>
      `postgresql://${clusterUser}:${password}@127.0.0.1:${port}/${name}`;
    const adoptedPort = await adopt(data, binaries, user, (port) => urlOn(port, 'postgres'));
    const port = adoptedPort ?? (await start(folder, binaries, user, options.settings ?? {}));
    await ensureDatabase(urlOn(port, 'postgres'));
    await joinUsers(folder);
    return {
      url: urlOn(port, database),
      adopted: adoptedPort !== null,
      stop: () =>
        withLock(folder, async () => {
          if (await leaveUsers(folder)) await stopServer(data, binaries, user);
        }),
    };
  });
}

async function ensureFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK).catch(async () => {
    const { uid } = await stat(folder);
    throw new Error(
      `${folder} belongs to user ${uid}, and this is user ${process.getuid?.()}; run as that user or as root, ` +
        'or set DATABASE_URL to a PostgreSQL of your own',
    );
  });
}

/** The port of a server already running there that answers; one that doesn't is stopped, and null returned. */
async function adopt(
  data: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
  urlOn: (port: number) => string,
): Promise<number | null> {
  for (let deadline = Date.now() + 20_000; ; await sleep(200)) {
    const running = await runningPostmaster(data);
    if (running === null) return null;
    if (await answers(urlOn(running.port))) return running.port;
    if (Date.now() > deadline) break;
  }
  await stopServer(data, binaries, user);
  return null;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function start(
  folder: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
  settings: Readonly<Record<string, string | number>>,
): Promise<number> {
  const log = join(folder, 'postgres.log');
  let output = '';
  // The port may be taken between the look and the start: a few tries settle it.
  for (let tries = 0; tries < 5; tries += 1) {
    const port = tries === 0 ? await rememberedPort(folder) : await freePort();
    await writeSettings(folder, user, { ...defaultSettings, ...settings, port });
    const args = ['start', '-w', '-t', '60', '-s', '-D', join(folder, 'data'), '-l', log];
    const started = await user.run(binaries.pgCtl, args);
    if (started.code === 0) {
      await writeFile(join(folder, 'port'), `${port}\n`);
      return port;
    }
    output = started.output;
    if (await isPortFree(port)) break;
  }
  const tail = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-15).join('\n');
  throw new Error(
    `the embedded PostgreSQL in ${folder} did not start.\n${output}\nThe end of ${log}:\n${tail}`,
  );
}

async function rememberedPort(folder: string): Promise<number> {
  const port = Number(await readFile(join(folder, 'port'), 'utf8').catch(() => ''));
  return port > 0 && (await isPortFree(port)) ? port : freePort();
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

async function stopServer(data: string, binaries: PostgresBinaries, user: PostgresUser): Promise<void> {
  // Fast breaks off open sessions; immediate is a crash that the next start recovers from.
  for (const mode of ['fast', 'immediate']) {
    if ((await runningPostmaster(data)) === null) return;
    await user.run(binaries.pgCtl, ['stop', '-w', '-t', '20', '-s', '-m', mode, '-D', data]);
  }
  const left = await runningPostmaster(data);
  if (left !== null)
    throw new Error(`PostgreSQL (process ${left.pid}) on ${data} does not stop; end it by hand`);
}
