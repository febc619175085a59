import { isMainThread } from 'node:worker_threads';

/**
 * Shows one GPU alone, by CUDA's index, to all that this process and its threads load from now on. CUDA reads
 * its variable when TensorFlow loads, and a worker thread's process.env is a copy that it does not see: a process
 * that trains on threads calls this before it starts them.
 * @throws Error in a worker thread of a process that shows other GPUs
 */
export function chooseDevice(device: number): void {
  if (!Number.isInteger(device) || device < 0) {
    throw new RangeError(`device is ${device}; expected the index of a GPU, from 0`);
  }
  const wanted = String(device);
  if (process.env.CUDA_VISIBLE_DEVICES === wanted) return;
  if (!isMainThread) {
    throw new Error(
      `device ${device} can't be chosen from a worker thread: start the process with CUDA_VISIBLE_DEVICES=${wanted}`,
    );
  }
  process.env.CUDA_VISIBLE_DEVICES = wanted;
}
