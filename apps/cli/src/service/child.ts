import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface ChildSettings {
  /** For messages: `api`, `worker 1`. */
  readonly name: string;
  /** The module to run. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface Child {
  readonly settings: ChildSettings;
  readonly process: ChildProcess;
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>;
}

/**
 * Starts one of the service's processes in a process group of its own, so that Ctrl-C reaches only this process,
 * which then stops the others in order. The IPC channel tells the child when this process is gone, even by SIGKILL.
 */
export function startChild(settings: ChildSettings): Child {
  const log = openSync(settings.logFile, 'a');
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), settings.module, ...(settings.args ?? [])],
    {
      detached: true,
      env: { ...process.env, ...settings.environment },
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { settings, process: child, ended };
}

export function hasEnded({ process: child }: Child): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Asks a child to stop, and kills it where it has not within the grace period. */
export async function stopChild(child: Child, graceMs: number): Promise<void> {
  if (hasEnded(child)) return;
  child.process.kill('SIGTERM');
  const timer = setTimeout(() => child.process.kill('SIGKILL'), graceMs);
  await child.ended;
  clearTimeout(timer);
}

/** The end of a child's log, for an error message. */
export function logTail({ settings }: Child, lines = 8): string {
  return readFileSync(settings.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
