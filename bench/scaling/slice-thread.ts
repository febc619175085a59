import { parentPort, workerData } from 'node:worker_threads';
import { createTrainer } from '@bitkiln/trainer';
import { programOf } from '../trainer/networks.ts';
import { timingTask } from '../trainer/rate.ts';

/** Trains one epoch of a timing task for every message, and answers when it is done. */
const { network, batches, slices } = workerData as { network: string; batches: number; slices: number };
const trainer = await createTrainer({ trainer: 'kiln' });
const epochs = trainer.train(timingTask(programOf(network), 'float', batches, slices));
parentPort!.on('message', async () => {
  await epochs.next();
  parentPort!.postMessage('done');
});
parentPort!.postMessage('ready');
