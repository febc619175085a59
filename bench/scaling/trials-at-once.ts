import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { networks } from '../trainer/networks.ts';

const batches = 1;

export interface TrialsAtOnce {
  /** Samples a second of 1 and of 2 trials at once, each in a thread of its own. */
  readonly one: number;
  readonly two: number;
  /** How many times as much two threads get done as one when they only count: what this host can give now. */
  readonly host: number;
}

/** Slices of one thread and of both take turns, and the fastest of each counts. */
export async function trialsAtOnce(rounds: number): Promise<TrialsAtOnce> {
  const workerData = { network: networks.reference, batches, slices: 4 * rounds + 80 };
  const entry = new URL('./bootstrap.mjs', import.meta.url);
  const workers = [0, 1].map(() => new Worker(entry, { workerData, execArgv: [] }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const slice = async (order: 'train' | 'spin', threads: readonly Worker[]) => {
    const start = performance.now();
    await Promise.all(
      threads.map((worker) => {
        const done = once(worker, 'message');
        worker.postMessage(order);
        return done;
      }),
    );
    return performance.now() - start;
  };
  for (let i = 0; i < 20; i++) await slice('train', workers);
  const alone = { train: Number.POSITIVE_INFINITY, spin: Number.POSITIVE_INFINITY };
  const together = { ...alone };
  for (let round = 0; round < rounds; round++) {
    for (const order of ['train', 'spin'] as const) {
      alone[order] = Math.min(alone[order], await slice(order, [workers[round % 2]!]));
      together[order] = Math.min(together[order], await slice(order, workers));
    }
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  const samples = batches * 1024 * 1000;
  return {
    one: samples / alone.train,
    two: (2 * samples) / together.train,
    host: (2 * alone.spin) / together.spin,
  };
}
