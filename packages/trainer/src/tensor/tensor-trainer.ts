import type { NumericsId, Trainer } from '../trainer.ts';
import { checkTask } from '../trial/check-task.ts';
import { openBackend } from './backend.ts';
import type { TensorBackend } from './backend-names.ts';
import { selfTest } from './self-test.ts';
import { trainTrial } from './training.ts';

export interface TensorTrainerSettings {
  readonly backend: TensorBackend;
  /** Index of the GPU that `node-gpu` uses; by default TensorFlow's first. */
  readonly device?: number;
}

/** Raised whenever the same task would give other bytes than before. */
const definition = 1;

/**
 * A trainer that writes networks as tfjs-core operations and runs them on the backend named.
 * @throws Error where that backend can't be had exactly as asked for, or computes wrong values or gradients
 */
export async function createTensorTrainer({ backend, device }: TensorTrainerSettings): Promise<Trainer> {
  const engine = await openBackend(backend, device);
  try {
    await engine.use();
    selfTest(backend);
  } catch (error) {
    engine.close();
    throw error;
  }
  const numericsId: NumericsId = {
    trainer: 'tensor',
    definition,
    options: `backend=${backend}`,
    reproducible: backend === 'wasm' || backend === 'cpu',
  };
  let open = true;
  return {
    numericsId,
    async *train(task, options = {}) {
      if (!open) throw new Error('the trainer was disposed of; create another');
      checkTask(task, options.resumeFrom);
      const context = { task, signal: options.signal, useBackend: () => engine.use() };
      yield* trainTrial(context, options.resumeFrom);
    },
    dispose() {
      if (open) engine.close();
      open = false;
    },
  };
}
