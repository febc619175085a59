import { Worker } from 'node:worker_threads';

/** What a thread's module finds in `workerData`. */
export interface ThreadStart<T> {
  readonly module: string;
  readonly data: T;
}

/** Runs a TypeScript module in a thread of its own. */
export function startThread<T>(module: URL, data: T): Worker {
  const workerData: ThreadStart<T> = { module: module.href, data };
  // This process's own flags, such as the loader it was started with, are not the thread's.
  return new Worker(new URL('./bootstrap.mjs', import.meta.url), { workerData, execArgv: [] });
}
