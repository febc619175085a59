import * as tf from '@tensorflow/tfjs-core';
import { type TensorBackend, tensorBackends } from './backend-names.ts';
import { openNodeBackend } from './node-backend.ts';
import { selectEngine } from './select-engine.ts';
import { closeWasmBackend, openWasmBackend } from './wasm-backend.ts';

/** A started backend. */
export interface OpenBackend {
  /**
   * Makes it the current one. Every synchronous run of operations starts with this, since trainers on other
   * backends may live in the same process.
   */
  use(): Promise<void>;
  close(): void;
}

/**
 * Starts a backend.
 * @param device index of the GPU to use: `node-gpu` alone
 * @throws Error saying what is missing, and what to install, where the backend can't be had as asked for
 */
export async function openBackend(backend: TensorBackend, device: number | undefined): Promise<OpenBackend> {
  if (!tensorBackends.includes(backend)) {
    throw new RangeError(
      `backend is ${JSON.stringify(backend)}; expected one of ${tensorBackends.join(', ')}`,
    );
  }
  if (device !== undefined && backend !== 'node-gpu') {
    throw new RangeError(
      `device is ${device}, but backend ${backend} has no devices; expected backend node-gpu`,
    );
  }
  tf.enableProdMode();
  switch (backend) {
    case 'wasm':
      await openWasmBackend();
      return { use: () => selectEngine('wasm'), close: closeWasmBackend };
    case 'cpu':
      await import('@tensorflow/tfjs-backend-cpu');
      await selectEngine('cpu');
      return { use: () => selectEngine('cpu'), close: () => {} };
    case 'node':
    case 'node-gpu':
      await openNodeBackend(backend, device);
      return { use: () => selectEngine('tensorflow'), close: () => {} };
  }
}
