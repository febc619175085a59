import { parentPort, workerData } from 'node:worker_threads';
import { createTrainer, measureSamplesPerSecond } from '@bitkiln/trainer';
import type { ThreadStart } from '../threads/start-thread.ts';
import type { ThreadData, ThreadReady } from './messages.ts';
import { serveOrders } from './serve-orders.ts';

const { trainer: spec, measure } = (workerData as ThreadStart<ThreadData>).data;
const trainer = await createTrainer(spec);
const ready: ThreadReady = {
  numericsId: trainer.numericsId,
  samplesPerSecond: measure ? await measureSamplesPerSecond(trainer) : null,
};
serveOrders(parentPort!, trainer);
parentPort!.postMessage(ready);
