import type { Database, JobQueue } from '@bitkiln/lifecycle';
import type { NumericsId } from '@bitkiln/trainer';
import type { Logger } from 'pino';
import type { ComputeThread } from '../compute/compute-thread.ts';
import type { ImageCache } from '../images/image-cache.ts';
import type { Stopping } from './stopping.ts';

/** What a process's slots share. */
export interface ProcessContext {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly images: ImageCache;
  readonly stopping: Stopping;
  readonly log: Logger;
}

/** What one attempt works with. */
export interface SlotContext extends ProcessContext {
  readonly workerId: string;
  readonly numericsId: NumericsId;
  readonly thread: ComputeThread;
}
