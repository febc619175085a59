import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { networks } from '../trainer/networks.ts';

const batches = 4;

/**
 * Samples a second of 1 and of 2 trials at once, each in a thread of its own: slices of one thread and of both
 * take turns, and the fastest of each counts.
 */
export async function trialsAtOnce(rounds: number): Promise<{ readonly one: number; readonly two: number }> {
  const workerData = { network: networks.reference, batches, slices: 4 * rounds + 8 };
  const entry = new URL('./bootstrap.mjs', import.meta.url);
  const workers = [0, 1].map(() => new Worker(entry, { workerData, execArgv: [] }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const slice = async (threads: readonly Worker[]) => {
    const start = performance.now();
    await Promise.all(
      threads.map((worker) => {
        const done = once(worker, 'message');
        worker.postMessage('slice');
        return done;
      }),
    );
    return performance.now() - start;
  };
  for (let i = 0; i < 6; i++) await slice(workers);
  let [alone, together] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round++) {
    alone = Math.min(alone, await slice([workers[round % 2]!]));
    together = Math.min(together, await slice(workers));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  const samples = batches * 1024 * 1000;
  return { one: samples / alone, two: (2 * samples) / together };
}
