import type { Dataset } from '@bitkiln/core';
import type { DataProgress } from '@bitkiln/datasets';
import { unlessAborted } from '../unless-aborted.ts';
import { type DataApi, type ImageSource, readImages } from './read-images.ts';

type Listener = (progress: DataProgress) => void;

interface Entry {
  readonly images: Promise<Dataset>;
  readonly abort: AbortController;
  /** One for each slot that waits. */
  readonly listeners: Set<Listener>;
}

/** One copy of each data set a process, shared by its slots. */
export class ImageCache {
  readonly #api: DataApi | null;
  readonly #read: typeof readImages;
  readonly #entries = new Map<string, Entry>();

  /** @param api where sets are fetched that this host lacks */
  constructor(api: DataApi | null = null, read = readImages) {
    this.#api = api;
    this.#read = read;
  }

  /**
   * The images, once they are read. A slot may stop waiting; once none waits any more, the reading is given up. What
   * an experiment began with is known by its hash.
   * @throws the signal's reason once it is aborted
   */
  async get(source: ImageSource, signal: AbortSignal, onProgress?: Listener): Promise<Dataset> {
    signal.throwIfAborted();
    const key = source.sha256 ?? JSON.stringify([source.dataset, source.augmentation]);
    const entry = this.#entries.get(key) ?? this.#begin(key, source);
    const listener: Listener = (progress) => onProgress?.(progress);
    entry.listeners.add(listener);
    try {
      return await unlessAborted(entry.images, signal);
    } catch (error) {
      if (entry.listeners.size === 1) {
        // Whoever comes next begins afresh.
        this.#forget(entry);
        entry.abort.abort();
      }
      throw error;
    } finally {
      entry.listeners.delete(listener);
    }
  }

  #begin(key: string, source: ImageSource): Entry {
    const abort = new AbortController();
    const listeners: Entry['listeners'] = new Set();
    const onProgress: Listener = (progress) => {
      for (const listener of listeners) listener(progress);
    };
    const images = this.#read({ source, api: this.#api }, { signal: abort.signal, onProgress });
    const entry = { images, abort, listeners };
    this.#entries.set(key, entry);
    images.then(
      ({ sha256 }) => this.#entries.set(sha256, entry),
      () => this.#forget(entry),
    );
    return entry;
  }

  #forget(entry: Entry): void {
    for (const [key, known] of this.#entries) if (known === entry) this.#entries.delete(key);
  }
}
