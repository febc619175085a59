import { on } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { EpochResult, NumericsId } from '@bitkiln/trainer';
import { ThreadError } from '../threads/plain-error.ts';
import { startThread } from '../threads/start-thread.ts';
import type {
  EvaluateOrder,
  EvaluationResult,
  Order,
  ThreadData,
  ThreadReady,
  ThreadReply,
  ThreadRequest,
  TrainOrder,
} from './messages.ts';

/** The thread ended under its work: it crashed, or memory ran out. */
export class ThreadDiedError extends Error {
  override readonly name = 'ThreadDiedError';
}

export interface ComputeThreadOptions {
  /** What the thread runs. */
  readonly module?: URL;
  /** An order given up gets this long to stop by itself; a thread deep in a kernel is then ended. Default 100. */
  readonly abortGraceMs?: number;
}

/**
 * A thread with a trainer, which leaves this process's event loop free: heartbeats, cancellation and shutdown stay
 * prompt however busy the kernels are. It takes one order at a time.
 */
export class ComputeThread {
  readonly numericsId: NumericsId;
  /** Training steps' rate, measured at start; null where it was not asked for. */
  readonly samplesPerSecond: number | null;
  readonly #worker: Worker;
  readonly #abortGraceMs: number;
  #death: ThreadDiedError | null = null;
  #orders = 0;

  private constructor(worker: Worker, ready: ThreadReady, abortGraceMs: number) {
    this.numericsId = ready.numericsId;
    this.samplesPerSecond = ready.samplesPerSecond;
    this.#worker = worker;
    this.#abortGraceMs = abortGraceMs;
    worker.on('error', (error) => {
      this.#death ??= new ThreadDiedError(`the compute thread crashed: ${error.message}`, { cause: error });
    });
    worker.on('exit', (code) => {
      this.#death ??= new ThreadDiedError(`the compute thread ended with code ${code}`);
    });
  }

  /**
   * Starts a thread and waits until its trainer has passed its self-test.
   * @throws Error where the trainer can't run here, with what to do about it
   */
  static async start(data: ThreadData, options: ComputeThreadOptions = {}): Promise<ComputeThread> {
    const { module = new URL('./thread.ts', import.meta.url), abortGraceMs = 100 } = options;
    const worker = startThread(module, data);
    const ready = await new Promise<ThreadReady>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the compute thread ended with code ${code} at start`)));
    });
    return new ComputeThread(worker, ready, abortGraceMs);
  }

  /** False once it has died or was ended: start another. */
  get alive(): boolean {
    return this.#death === null;
  }

  /**
   * Yields a trial's epochs, those that were finished meanwhile together. Asking for more says that the last are
   * recorded; until then the thread runs ahead only a little (epoch-batches). An aborted signal ends the iteration at
   * once with the signal's reason.
   * @throws ThreadError, ThreadDiedError
   */
  async *train(order: TrainOrder, signal: AbortSignal): AsyncGenerator<readonly EpochResult[], void, void> {
    yield* this.#perform(order, signal);
  }

  /** @throws ThreadError, ThreadDiedError, or the signal's reason once it is aborted */
  async evaluate(order: EvaluateOrder, signal: AbortSignal): Promise<EvaluationResult> {
    const { value } = await this.#perform(order, signal).next();
    return value as EvaluationResult;
  }

  async close(): Promise<void> {
    this.#death ??= new ThreadDiedError('the compute thread was closed');
    await this.#worker.terminate();
  }

  async *#perform(order: Order, signal: AbortSignal): AsyncGenerator<readonly EpochResult[], unknown, void> {
    signal.throwIfAborted();
    if (this.#death !== null) throw this.#death;
    const number = ++this.#orders;
    const replies = on(this.#worker, 'message', { signal, close: ['exit'] });
    this.#post({ kind: 'order', number, order });
    let settled = false;
    try {
      for await (const [reply] of replies as AsyncIterable<[ThreadReply]>) {
        if (reply.number !== number) continue;
        switch (reply.kind) {
          case 'epochs':
            yield reply.results;
            this.#post({ kind: 'recorded', number });
            continue;
          case 'done':
            settled = true;
            return reply.result;
          case 'failed':
            settled = true;
            throw new ThreadError(reply.error);
          case 'stopped':
        }
      }
      throw new ThreadDiedError('the compute thread ended');
    } catch (error) {
      signal.throwIfAborted();
      throw this.#death ?? error;
    } finally {
      if (!settled) await this.#giveUp(number);
    }
  }

  async #giveUp(number: number): Promise<void> {
    if (this.#death !== null) return;
    const stopped = new Promise<true>((resolve) => {
      const listen = (reply: ThreadReply) => {
        if (reply.kind !== 'stopped' || reply.number !== number) return;
        this.#worker.off('message', listen);
        resolve(true);
      };
      this.#worker.on('message', listen);
    });
    this.#post({ kind: 'abort', number });
    if ((await Promise.race([stopped, sleep(this.#abortGraceMs, false)])) === false) await this.close();
  }

  #post(request: ThreadRequest): void {
    this.#worker.postMessage(request);
  }
}
