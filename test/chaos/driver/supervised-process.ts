import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SupervisedProcess {
  readonly name: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** True while a fault holds it, so that no other takes it. */
  held: boolean;
  signal(signal: NodeJS.Signals): void;
  /** How the processes before the present one ended. */
  readonly ends: readonly (number | NodeJS.Signals)[];
  /** Ends it for good: the exit code, or the signal that ended it. */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** A container runtime restarts what ended after about this. */
const restartMs = 200;

/** Starts a process and, as a container runtime would, starts it again whenever it ends. Its output goes to a file. */
export function supervise(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  logs: string,
): SupervisedProcess {
  const ends: (number | NodeJS.Signals)[] = [];
  const output = openSync(join(logs, `${name}.log`), 'a');
  let stopping = false;
  let child: ChildProcess;
  const start = () => {
    // The channel makes the process end with this one, however that ends.
    child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', output, output, 'ipc'],
    });
    child.once('exit', async (code, signal) => {
      ends.push((code ?? signal)!);
      await sleep(restartMs);
      if (!stopping) start();
    });
  };
  start();
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    name,
    get pid() {
      return child.pid!;
    },
    held: false,
    ends,
    signal: (signal) => child.kill(signal),
    stop: async (signal) => {
      stopping = true;
      if (running()) {
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return (child.exitCode ?? child.signalCode)!;
    },
  };
}
