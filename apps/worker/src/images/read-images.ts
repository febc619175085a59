import { setTimeout as sleep } from 'node:timers/promises';
import type { Dataset } from '@bitkiln/core';
import type { DataProgress, Watch } from '@bitkiln/datasets';
import { type PlainError, ThreadError } from '../threads/plain-error.ts';
import { startThread } from '../threads/start-thread.ts';

/** Which images an experiment trains on. */
export interface ImageSource {
  readonly dataset: string;
  readonly augmentation: string;
  /** The hash that the experiment began with; null where it has not begun. */
  readonly sha256: string | null;
}

/** The API that has the sets which this host lacks. */
export interface DataApi {
  readonly url: string;
  /** Null where the API asks for none. */
  readonly token: string | null;
}

export interface ReadOrder {
  readonly source: ImageSource;
  readonly api: DataApi | null;
}

/** What the thread tells; what it is told is the word `abort`. */
export type ReadReply =
  | { readonly progress: DataProgress }
  | { readonly dataset: Dataset }
  | { readonly error: PlainError };

/** A thread that is told to stop gets this long to leave its files in order. */
const abortGraceMs = 1000;

/**
 * Reads images into shared memory: fetches or makes them where need be. It takes a thread that ends afterwards:
 * whatever else the work filled memory with, such as the files' own bytes, goes with it.
 * @throws ThreadError saying what is wrong with the source, or the signal's reason once it is aborted
 */
export async function readImages(order: ReadOrder, { signal, onProgress }: Watch): Promise<Dataset> {
  const thread = startThread(new URL('./thread.ts', import.meta.url), order);
  const reply = new Promise<Exclude<ReadReply, { progress: DataProgress }>>((resolve, reject) => {
    thread.on('message', (message: ReadReply) => {
      if ('progress' in message) onProgress?.(message.progress);
      else resolve(message);
    });
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the thread that reads images ended with code ${code}`)));
  });
  const abort = async () => {
    thread.postMessage('abort');
    await sleep(abortGraceMs, undefined, { ref: false });
    await thread.terminate();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const result = await reply;
    if ('error' in result) throw new ThreadError(result.error);
    return result.dataset;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await thread.terminate();
  }
}
