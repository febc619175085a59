import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';

/** True where a process of this id runs, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const claimFor = (folder: string) => join(folder, 'users', String(process.pid));

/** Notes that this process uses the database. */
export async function joinUsers(folder: string): Promise<void> {
  await mkdir(join(folder, 'users'), { recursive: true });
  await writeFile(claimFor(folder), '');
}

/** Takes the note back; true where no other living process uses the database. */
export async function leaveUsers(folder: string): Promise<boolean> {
  await rm(claimFor(folder), { force: true });
  for (const name of await readdir(join(folder, 'users')).catch(() => [])) {
    if (isProcessAlive(Number(name))) return false;
    await rm(join(folder, 'users', name), { force: true });
  }
  return true;
}

/**
 * Runs one starter or stopper of a database at a time, across processes; a killed one's lock lapses.
 *
 * @throws Error where another holds the lock for over two minutes.
 */
export async function withLock<T>(folder: string, run: () => Promise<T>): Promise<T> {
  const release = await lock(folder, {
    stale: 5000,
    retries: { forever: true, maxRetryTime: 120_000, minTimeout: 50, maxTimeout: 500 },
  });
  try {
    return await run();
  } finally {
    await release();
  }
}
