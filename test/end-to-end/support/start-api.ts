import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '@bitkiln/infra';

export interface RunningApi {
  readonly url: string;
  /** Sends SIGTERM and waits for the end: the exit code, or the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals>;
}

const server = fileURLToPath(new URL('../../../apps/api/src/server.ts', import.meta.url));

/** Starts a real API process and waits until it is ready. */
export async function startApi(environment: Readonly<Record<string, string>>): Promise<RunningApi> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), server], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...environment, PORT: new URL(url).port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => printed.push(line));
  }
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  while (!ended) {
    const ready = await fetch(`${url}/readyz`).catch(() => null);
    await ready?.arrayBuffer();
    if (ready?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (ended) throw new Error(`the API did not start:\n${printed.join('\n')}`);
  return {
    url,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
