import type { Dataset } from '@bitkiln/core';
import type { DataProgress } from '@bitkiln/datasets';
import type { ComputeThread } from '../compute/compute-thread.ts';
import type { DataApi, LoadOrder } from '../compute/messages.ts';

/** One copy of each data set a process, whichever slot's thread read it. */
export class ImageCache {
  readonly #api: DataApi | null;
  readonly #reading = new Map<string, Promise<Dataset>>();

  /** @param api where the threads fetch the sets that this host lacks */
  constructor(api: DataApi | null = null) {
    this.#api = api;
  }

  /**
   * Reads the images on the thread, where no slot has read them or is reading them. What an experiment began with is
   * known by its hash.
   */
  async get(
    images: Omit<LoadOrder, 'kind' | 'api'>,
    thread: ComputeThread,
    signal: AbortSignal,
    onProgress?: (progress: DataProgress) => void,
  ): Promise<Dataset> {
    const key = images.sha256 ?? JSON.stringify([images.dataset, images.augmentation]);
    for (;;) {
      signal.throwIfAborted();
      const others = this.#reading.get(key);
      if (others === undefined) {
        const order: LoadOrder = { kind: 'load', ...images, api: this.#api };
        return this.#read(key, thread.load(order, signal, onProgress));
      }
      const found = await Promise.race([others.catch(() => null), aborted(signal)]);
      // Where the slot that was reading had to stop, this one reads.
      if (found !== null) return found;
    }
  }

  async #read(key: string, reading: Promise<Dataset>): Promise<Dataset> {
    this.#reading.set(key, reading);
    try {
      const dataset = await reading;
      this.#reading.set(dataset.sha256, reading);
      return dataset;
    } catch (error) {
      this.#reading.delete(key);
      throw error;
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
