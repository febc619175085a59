import * as tf from '@tensorflow/tfjs-core';
import { chooseDevice } from './device.ts';
import { selectEngine } from './select-engine.ts';

const version = '4.22.0';
const packages = { node: '@tensorflow/tfjs-node', 'node-gpu': '@tensorflow/tfjs-node-gpu' } as const;

type NodeBackend = keyof typeof packages;
type Importer = (name: string) => Promise<unknown>;

/**
 * Loads TensorFlow's package, which registers the backend `tensorflow`, and starts it.
 * @param device index of the GPU, as CUDA counts them; all others are hidden from this process
 * @param load imports a package by name
 * @throws Error saying what to install or set where that can't be done as asked for
 */
export async function openNodeBackend(
  backend: NodeBackend,
  device: number | undefined,
  load: Importer = (name) => import(name),
): Promise<void> {
  if (device !== undefined) chooseDevice(device);
  const name = packages[backend];
  try {
    await load(name);
  } catch (error) {
    throw new Error(`backend ${backend} can't load ${name}: ${howToInstall(name, error)}`, { cause: error });
  }
  if (tf.findBackendFactory('tensorflow') === null) {
    throw new Error(
      `backend ${backend}: ${name} brought a copy of tfjs-core of its own; install version ${version} of both`,
    );
  }
  await selectEngine('tensorflow');
  checkDevice(backend, tf.backend() as tf.KernelBackend & NodeBackendState);
}

interface NodeBackendState {
  readonly isGPUPackage?: boolean;
  readonly isUsingGpuDevice?: boolean;
}

function checkDevice(backend: NodeBackend, { isGPUPackage, isUsingGpuDevice }: NodeBackendState): void {
  if (isGPUPackage !== (backend === 'node-gpu')) {
    throw new Error(
      `backend ${backend} was asked for, but this process has already loaded the other of the two`,
    );
  }
  if (backend === 'node-gpu' && isUsingGpuDevice !== true) {
    throw new Error(
      'backend node-gpu found no GPU that it can use: install the CUDA and cuDNN libraries that TensorFlow names ' +
        'above, check nvidia-smi and --device, or choose backend wasm',
    );
  }
}

function howToInstall(name: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const command = `npm install --no-save ${name}@${version}`;
  if ((error as NodeJS.ErrnoException | null)?.code === 'ERR_MODULE_NOT_FOUND' && message.includes(name)) {
    return `it is not installed, as it is half a gigabyte that CPU users need not have; run: ${command}`;
  }
  if (message.includes('tfjs_binding.node')) {
    return (
      'its native part is missing, as when its install script did not run or could not download; run: ' +
      `npm rebuild ${name} (with scripts allowed), or again: ${command}`
    );
  }
  return `it failed with: ${message}. It needs Node 20 or 22; to install it again run: ${command}`;
}
