import { setTimeout as sleep } from 'node:timers/promises';

/** Runs a task at once and then `ms` after each end of it, until stopped. The task handles its own errors. */
export function every(ms: number, task: () => Promise<unknown>): { stop(): void } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async () => {
    while (!signal.aborted) {
      await task();
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    }
  };
  void run();
  return { stop: () => stopping.abort() };
}
