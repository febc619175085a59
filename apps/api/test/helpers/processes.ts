import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

export interface RunningProcess {
  readonly process: ChildProcess;
  /** All that it has printed. */
  output: string;
}

const running: RunningProcess[] = [];
afterEach(() => {
  for (const { process } of running.splice(0)) process.kill('SIGKILL');
});

/** Starts a module as a process that has these variables and no other. */
export function startProcess(module: string, env: Record<string, string>): RunningProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', module], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
  });
  const started = { process: child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      started.output += text;
    });
  }
  running.push(started);
  return started;
}

export function startServer(env: Record<string, string>): RunningProcess {
  return startProcess('apps/api/src/server.ts', env);
}

/** Waits until a server says that it is ready, and where. */
export async function ready(server: RunningProcess): Promise<string> {
  await expect
    .poll(() => server.output, { timeout: 60_000 })
    .toMatch(/^bitkiln API ready at http:\/\/\d+\.\d+\.\d+\.\d+:\d+, documented at/m);
  return server.output.match(/ready at (\S+),/)![1]!;
}

export async function exitOf({ process: child }: RunningProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
