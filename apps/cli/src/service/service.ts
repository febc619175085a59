import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectDatabase, migrate, refuseOpenNetwork } from '@bitkiln/lifecycle';
import { type Child, hasEnded, logTail, startChild, stopChild } from './child.ts';
import { findDatabase } from './find-database.ts';
import { homeDirectory, inCheckout } from './home.ts';
import { lockHome } from './lock.ts';

export interface ServiceSettings {
  readonly host: string;
  /** The first port to try; the next free one is taken where it is in use. */
  readonly port: number;
  /** Worker processes; one a core where left out. */
  readonly workers?: number;
  readonly say: (line: string) => void;
}

export interface Service {
  readonly url: string;
  /** Stops workers, API and embedded database, in this order. */
  stop(): Promise<void>;
}

const readyWithinMs = 60_000;
const graceMs = 15_000;
const restartDelayMs = 1000;

/**
 * Brings up everything on this host: the embedded Postgres unless DATABASE_URL names another, the migrations, the
 * API and the workers, each a process of its own. A worker that dies is started again.
 * @throws Error where a part can't start; what had started is stopped.
 */
export async function startService({ host, port, workers, say }: ServiceSettings): Promise<Service> {
  const home = homeDirectory();
  const lock = lockHome(home);
  const stops: (() => Promise<void>)[] = [async () => lock.release()];
  const stop = async () => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart();
  };
  try {
    const found = await findDatabase(home);
    stops.push(found.leave);
    say(`database: ${found.description}`);
    const databaseUrl = found.url;
    const applied = await migrate(databaseUrl);
    if (applied.length > 0)
      say(`applied ${applied.length === 1 ? 'migration' : 'migrations'} ${applied.join(', ')}`);
    await refuseOpen(databaseUrl, host);
    const logs = join(home, 'logs');
    mkdirSync(logs, { recursive: true });
    const environment = {
      DATABASE_URL: databaseUrl,
      BITKILN_DATA: process.env.BITKILN_DATA || join(home, 'data'),
      BITKILN_DATASETS: process.env.BITKILN_DATASETS || join(home, 'datasets'),
    };

    const apiPort = await freePort(host, port);
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${apiPort}`;
    const api = startChild({
      name: 'API',
      module: inCheckout('apps/api/src/server.ts'),
      environment: { ...environment, HOST: host, PORT: String(apiPort) },
      logFile: join(logs, 'api.log'),
    });
    stops.push(() => stopChild(api, graceMs));
    await untilReady(api, url);
    lock.announce(url);
    say(`API at ${url}, its pages at ${url}/docs`);

    const count = workers ?? availableParallelism();
    const fleet = Array.from({ length: count }, (_, i) =>
      keepRunning(
        () =>
          startChild({
            name: `worker ${i + 1}`,
            module: inCheckout('apps/worker/src/main.ts'),
            environment,
            logFile: join(logs, `worker-${i + 1}.log`),
          }),
        say,
      ),
    );
    stops.push(async () => {
      await Promise.all(fleet.map((worker) => worker.stop()));
    });
    say(`${count} ${count === 1 ? 'worker' : 'workers'} started; logs in ${logs}`);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The API would refuse too, but in its log. */
async function refuseOpen(databaseUrl: string, host: string): Promise<void> {
  const database = await connectDatabase(databaseUrl, { poolSize: 1 });
  try {
    await refuseOpenNetwork(database, host);
  } finally {
    await database.close();
  }
}

async function untilReady(api: Child, url: string): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  while (Date.now() < deadline) {
    if (hasEnded(api)) throw new Error(`the API ended at start:\n${logTail(api)}`);
    const response = await fetch(`${url}/readyz`).catch(() => null);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await sleep(50);
  }
  throw new Error(`the API was not ready within ${readyWithinMs / 1000} s:\n${logTail(api)}`);
}

/** Starts a process again whenever it ends by itself. */
function keepRunning(start: () => Child, say: (line: string) => void): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let child = start();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await child.ended;
      if (stopping.signal.aborted) return;
      const { exitCode, signalCode } = child.process;
      say(
        `${child.settings.name} ended (${signalCode ?? `exit code ${exitCode}`}); starting it again\n${logTail(child, 3)}`,
      );
      await sleep(restartDelayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) child = start();
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await stopChild(child, graceMs);
      await loop;
    },
  };
}

async function freePort(host: string, first: number): Promise<number> {
  for (let port = first; port < first + 100; port += 1) {
    if (await isFree(host, port)) return port;
  }
  throw new Error(`no free port on ${host} from ${first} to ${first + 99}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
