import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface SpawnedWorker {
  readonly process: ChildProcess;
  /** The structured lines logged so far. */
  readonly lines: readonly LogLine[];
  /** Everything else that was printed. */
  readonly printed: readonly string[];
  /** Resolves with the first line, past or coming, that matches; rejects if the worker ends before. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a signal and waits for the end: the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Starts a real worker process. */
export function spawnWorker(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): SpawnedWorker {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const printed: string[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface(stream).on('line', (text) => {
      if (text.startsWith('{')) lines.push(JSON.parse(text) as LogLine);
      else printed.push(text);
    });
  }
  const ended = () => child.exitCode ?? child.signalCode;
  return {
    process: child,
    lines,
    printed,
    line: async (matches) => {
      for (;;) {
        const found = lines.find(matches);
        if (found !== undefined) return found;
        if (ended() !== null) {
          const tail = [...printed, ...lines.slice(-5).map((line) => JSON.stringify(line))].join('\n');
          throw new Error(`the worker ended (${ended()}) without the line waited for:\n${tail}`);
        }
        await sleep(10);
      }
    },
    end: async (signal) => {
      if (ended() === null) {
        child.kill(signal);
        await once(child, 'close');
      }
      return ended()!;
    },
  };
}
