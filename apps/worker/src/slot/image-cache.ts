import type { Dataset } from '@bitkiln/core';
import type { ComputeThread } from '../compute/compute-thread.ts';
import type { LoadOrder } from '../compute/messages.ts';

/** One copy of each data set a process, whichever slot's thread read it. */
export class ImageCache {
  readonly #reading = new Map<string, Promise<Dataset>>();

  /** Reads the images on the thread, where no slot has read them or is reading them. */
  async get(images: Omit<LoadOrder, 'kind'>, thread: ComputeThread, signal: AbortSignal): Promise<Dataset> {
    const key = JSON.stringify([images.dataset, images.augmentation]);
    for (;;) {
      signal.throwIfAborted();
      const others = this.#reading.get(key);
      if (others === undefined) return this.#read(key, thread.load({ kind: 'load', ...images }, signal));
      const found = await Promise.race([others.catch(() => null), aborted(signal)]);
      // Where the slot that was reading had to stop, this one reads.
      if (found !== null) return found;
    }
  }

  async #read(key: string, reading: Promise<Dataset>): Promise<Dataset> {
    this.#reading.set(key, reading);
    try {
      return await reading;
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
