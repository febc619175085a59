import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import type { Watch } from '../progress.ts';

/** A lock whose holder has not touched it for this long belongs to a process that is gone. */
const staleMs = 10_000;
const pollMs = 500;

/**
 * Runs `work` while no other process that asks for the same path does. The holder touches the lock every few
 * seconds, so a killed one is succeeded within `staleMs`. The lock saves work and nothing else: a holder that loses
 * it (its process was stopped for long) goes on, because two builders of one recipe write the same bytes.
 */
export async function withBuildLock<T>(path: string, watch: Watch, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const release = await acquire(path, watch);
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

async function acquire(path: string, { onProgress, signal }: Watch): Promise<() => Promise<void>> {
  for (let waited = 0; ; waited++) {
    signal?.throwIfAborted();
    try {
      return await lock(path, {
        realpath: false,
        stale: staleMs,
        update: staleMs / 5,
        onCompromised: () => {},
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    if (waited === 0) onProgress?.({ phase: 'waiting for another builder', done: 0, total: 1 });
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
  }
}
