import { parentPort, workerData } from 'node:worker_threads';
import { createTrainer } from '@bitkiln/trainer';
import { programOf } from '../trainer/networks.ts';
import { timingTask } from '../trainer/rate.ts';

/** For `train` trains one epoch of a timing task, for `spin` counts in registers for about as long; then answers. */
const { network, batches, slices } = workerData as { network: string; batches: number; slices: number };
const trainer = await createTrainer({ trainer: 'kiln' });
const epochs = trainer.train(timingTask(programOf(network), 'float', batches, slices));
parentPort!.on('message', async (order: 'train' | 'spin') => {
  if (order === 'train') await epochs.next();
  else spin();
  parentPort!.postMessage('done');
});
parentPort!.postMessage('ready');

function spin(): number {
  let x = 1;
  for (let i = 0; i < 1e7; i++) x = (Math.imul(x, 31) + i) | 0;
  return x;
}
