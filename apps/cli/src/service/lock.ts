import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Holder {
  readonly pid: number;
  readonly url: string | null;
}

/** One service at a time in a home folder. */
export interface HomeLock {
  /** Tells later starts where the running service answers. */
  announce(url: string): void;
  release(): void;
}

/**
 * Takes the home folder for this process; a lock whose process is gone is taken over.
 * @throws Error naming the address and pid of the service that holds it.
 */
export function lockHome(home: string): HomeLock {
  const file = join(home, 'service.json');
  take(file);
  return {
    announce: (url) => writeFileSync(file, `${JSON.stringify({ pid: process.pid, url })}\n`),
    release: () => {
      if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

function take(file: string): void {
  const content = `${JSON.stringify({ pid: process.pid, url: null })}\n`;
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      writeFileSync(file, content, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder !== null && isAlive(holder.pid)) {
      throw new Error(
        `bitkiln already runs here${holder.url === null ? '' : ` at ${holder.url}`} (process ${holder.pid}); ` +
          'send it work with `npx bitkiln submit FILE`, or stop that process first',
      );
    }
    rmSync(file, { force: true });
  }
  throw new Error(`could not take ${file}: another start is taking it at this moment`);
}

/** The service that runs in this home folder, if one does. */
export function runningService(home: string): Holder | null {
  const holder = readHolder(join(home, 'service.json'));
  return holder !== null && isAlive(holder.pid) ? holder : null;
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
