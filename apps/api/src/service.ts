import { connectDatabase, isLoopback, migrate, openQueue, refuseOpenNetwork } from '@bitkiln/lifecycle';
import { buildApp } from './app.ts';
import { closePromptly } from './close-promptly.ts';
import type { Config } from './config.ts';
import { logOptions } from './log-options.ts';

export interface Service {
  /** Where it listens, with the port that it got. */
  readonly url: string;
  /** Ends event streams, lets requests in hand finish, stops maintenance, then lets go of queue and database. */
  close(): Promise<void>;
}

/**
 * Migrates the database, opens it and the queue, and listens.
 * @throws Error that says what is in the way; nothing is left open.
 */
export async function startService(config: Config): Promise<Service> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  };
  try {
    const applied = await migrate(config.databaseUrl);
    const database = await connectDatabase(config.databaseUrl, { applicationName: 'bitkiln-api' });
    cleanups.push(() => database.close());
    await refuseOpenNetwork(database, config.host);
    const queue = await openQueue({ databaseUrl: config.databaseUrl, redisUrl: config.redisUrl });
    cleanups.push(() => queue.close());
    const app = await buildApp({
      database,
      queue,
      logger: logOptions(config.logLevel),
      requireToken: config.requireToken || !isLoopback(config.host),
      requestsPerMinute: config.requestsPerMinute,
    });
    cleanups.push(closePromptly(app));
    if (applied.length > 0) app.log.info({ applied }, 'migrated');
    const url = await listen(app, config);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(app: Awaited<ReturnType<typeof buildApp>>, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new Error(`port ${port} of ${host} is in use; set PORT to another`);
    if (code === 'EACCES')
      throw new Error(`port ${port} may not be opened by this user; set PORT to another`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Error(`HOST is ${host}, which is no address of this machine`);
    }
    throw error;
  }
}
