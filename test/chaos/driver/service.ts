import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@bitkiln/infra';
import { startTestRedis, type TestRedis } from '../../../infra/testing/redis.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { QueueKind } from './schedule.ts';
import { type SupervisedProcess, supervise } from './supervised-process.ts';

/** A process of the service and what stands between it and its servers. */
export interface Member {
  readonly process: SupervisedProcess;
  readonly database: FaultProxy;
  /** Null where the queue is on Postgres. */
  readonly redis: FaultProxy | null;
}

/** The whole service through real processes, every one behind proxies of its own. */
export interface Service {
  readonly queue: QueueKind;
  readonly postgres: PostgresServer;
  readonly redis: TestRedis | null;
  /** The database itself, past the proxies. */
  readonly databaseUrl: string;
  readonly api: Member & { readonly url: string };
  readonly workers: readonly Member[];
  /** Ends the processes in an orderly way: their exit codes by name. */
  stop(): Promise<ReadonlyMap<string, number | NodeJS.Signals>>;
}

export interface ServiceOptions {
  readonly queue: QueueKind;
  readonly postgres: PostgresServer;
  readonly databaseUrl: string;
  readonly workers: number;
  /** Holds the data sets. */
  readonly datasets: string;
  readonly logs: string;
  /** Modules that workers load before all else. */
  readonly workerPreloads?: readonly string[];
}

const programOf = (path: string) => fileURLToPath(new URL(`../../../apps/${path}`, import.meta.url));
const tsx = ['--import', import.meta.resolve('tsx')];

export async function startService(options: ServiceOptions): Promise<Service> {
  const { queue, postgres, databaseUrl, logs } = options;
  const redis = queue === 'redis' ? await startTestRedis() : null;
  const proxies: FaultProxy[] = [];
  const proxy = async (port: number) => {
    const started = await startFaultProxy(port);
    proxies.push(started);
    return started;
  };
  const member = async (
    name: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<Member> => {
    const toDatabase = await proxy(postgres.port);
    const toRedis = redis === null ? null : await proxy(Number(new URL(redis.url).port));
    const through = new URL(databaseUrl);
    through.port = String(toDatabase.port);
    const started = supervise(
      name,
      args,
      {
        DATABASE_URL: through.href,
        ...(toRedis === null ? {} : { REDIS_URL: `redis://127.0.0.1:${toRedis.port}` }),
        BITKILN_DATASETS: options.datasets,
        BITKILN_DATA: `${options.datasets}-cache`,
        ...environment,
      },
      logs,
    );
    return { process: started, database: toDatabase, redis: toRedis };
  };

  const port = String(await freePort());
  const api = await member('api', [...tsx, programOf('api/src/server.ts')], {
    PORT: port,
    LOG_LEVEL: 'warn',
  });
  const preloads = (options.workerPreloads ?? []).flatMap((module) => ['--import', module]);
  const workers: Member[] = [];
  for (let slot = 0; slot < options.workers; slot += 1) {
    const args = [...preloads, ...tsx, programOf('worker/src/main.ts')];
    workers.push(await member(`worker-${slot}`, args, { BITKILN_WORKER_NAME: `worker-${slot}` }));
  }
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, api.process);
  return {
    queue,
    postgres,
    redis,
    databaseUrl,
    api: { ...api, url },
    workers,
    stop: async () => {
      const processes = [...workers, api].map(({ process: each }) => each);
      const ends = await Promise.all(
        processes.map(async (each) => [each.name, await each.stop('SIGTERM')] as const),
      );
      await Promise.all(proxies.map((each) => each.close()));
      await redis?.stop();
      return new Map(ends);
    },
  };
}

/** @throws Error where the API ends again and again: no fault has come yet, so it is broken. */
async function untilReady(url: string, { ends, name }: SupervisedProcess): Promise<void> {
  for (;;) {
    const ready = await fetch(`${url}/readyz`).catch(() => null);
    await ready?.arrayBuffer();
    if (ready?.ok) return;
    if (ends.length > 3) throw new Error(`${name} ends with ${ends.join(', ')}; see its log with --keep`);
    await sleep(100);
  }
}
