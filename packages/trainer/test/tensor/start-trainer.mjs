import { parentPort, workerData } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';

/** A worker thread that starts the trainer asked for and answers with its options, or with why it can't. */
try {
  const { createTensorTrainer } = await tsImport('../../src/tensor/tensor-trainer.ts', import.meta.url);
  const trainer = await createTensorTrainer(workerData);
  parentPort.postMessage(trainer.numericsId.options);
} catch (error) {
  parentPort.postMessage(String(error));
}
