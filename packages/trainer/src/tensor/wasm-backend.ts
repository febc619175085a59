import * as tf from '@tensorflow/tfjs-core';
import { selectEngine } from './select-engine.ts';

const fatalEvents = ['uncaughtException', 'unhandledRejection'] as const;

let users = 0;

/**
 * Starts the wasm backend with SIMD on one thread, or joins it. It finds its .wasm files beside its own module.
 * @throws Error where the engine has no SIMD or the backend runs more threads
 */
export async function openWasmBackend(): Promise<void> {
  const { getThreadsCount, setThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
    throw new Error('backend wasm needs WebAssembly SIMD; run a Node release that has it, such as 20');
  }
  setThreadsCount(1);
  await withoutNewListeners(() => selectEngine('wasm'));
  if (getThreadsCount() !== 1) {
    throw new Error(
      `backend wasm runs ${getThreadsCount()} threads; expected 1, so that sums come out alike`,
    );
  }
  users++;
}

/** Leaves the wasm backend; the last to leave frees its memory, and it can be started again. */
export function closeWasmBackend(): void {
  users--;
  if (users > 0) return;
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory);
}

/**
 * The module's start-up code adds listeners that throw from within uncaughtException, which hides the process's own
 * handling; they have no use here.
 */
async function withoutNewListeners(start: () => Promise<void>): Promise<void> {
  const before = fatalEvents.map((event) => new Set(process.rawListeners(event)));
  await start();
  for (const [i, event] of fatalEvents.entries()) {
    for (const listener of process.rawListeners(event)) {
      if (!before[i]!.has(listener)) process.removeListener(event, listener as () => void);
    }
  }
}
