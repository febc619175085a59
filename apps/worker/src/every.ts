import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a task at once, or `firstMs` from now, and then `ms` after each end of it, until stopped. The task handles its
 * own errors.
 */
export function every(ms: number, task: () => Promise<unknown>, firstMs = 0): { stop(): void } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (delayMs: number) => sleep(delayMs, undefined, { signal }).catch(() => undefined);
  const run = async () => {
    if (firstMs > 0) await pause(firstMs);
    while (!signal.aborted) {
      await task();
      await pause(ms);
    }
  };
  void run();
  return { stop: () => stopping.abort() };
}
