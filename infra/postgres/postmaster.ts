import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { isProcessAlive } from './owners.ts';

/** A running server as its postmaster.pid describes it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/**
 * The server that runs on a data folder, perhaps left by a killed process; null where none does. A postmaster.pid
 * whose process is gone, or is another program by now, is removed: PostgreSQL would refuse to start beside it.
 */
export async function runningPostmaster(dataFolder: string): Promise<Postmaster | null> {
  const file = join(dataFolder, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  // Process id, data folder, start time, port, …: one a line.
  const [pid, , , port] = text.split('\n').map((line) => line.trim());
  if (Number(pid) > 0 && (await isPostgres(Number(pid)))) return { pid: Number(pid), port: Number(port) };
  await rm(file, { force: true });
  return null;
}

async function isPostgres(pid: number): Promise<boolean> {
  if (!isProcessAlive(pid)) return false;
  const command =
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)) ??
    (await runCommand('ps', ['-o', 'command=', '-p', String(pid)])).output;
  return /postgres|postmaster/.test(command);
}
