import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@bitkiln/infra';

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export interface PageService {
  readonly url: string;
  /** Ends the API at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts the API on the same port, and waits until it is ready. */
  start(): Promise<void>;
}

/** The built page, served by a real API on a port that it keeps. */
export async function startPageService(environment: Readonly<Record<string, string>>): Promise<PageService> {
  execFileSync(process.execPath, [inRoot('apps/dashboard/build.mjs')]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  const start = async () => {
    const api = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), inRoot('apps/api/src/server.ts')],
      {
        env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...environment, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    child = api;
    while (!(await isReady(url))) {
      if (api.exitCode !== null) throw new Error(`the API ended with ${api.exitCode} before it was ready`);
      await sleep(50);
    }
  };
  await start();
  return {
    url,
    start,
    kill: async () => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  const reply = await fetch(`${url}/readyz`).catch(() => null);
  await reply?.arrayBuffer();
  return reply?.ok ?? false;
}
