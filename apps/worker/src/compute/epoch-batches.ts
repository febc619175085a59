import { setImmediate } from 'node:timers/promises';
import type { EpochResult } from '@bitkiln/trainer';

/** One epoch may always run ahead of what is recorded, more of them while they are shorter together than this. */
const aheadMs = 250;
/** Each holds a checkpoint. */
const maxAhead = 64;

/**
 * Hands a trial's epochs over to be recorded, one batch at a time: what is finished while a batch is on its way goes
 * together with the next. So epochs of seconds are recorded one by one, and epochs of milliseconds don't wait for a
 * commit each. Training is held back so that a kill costs little.
 */
export class EpochBatches {
  readonly #send: (batch: readonly EpochResult[]) => void;
  readonly #signal: AbortSignal;
  /** Sent, and not recorded yet. */
  #sent: readonly EpochResult[] = [];
  #waiting: EpochResult[] = [];
  #wake: () => void = () => {};

  constructor(send: (batch: readonly EpochResult[]) => void, signal: AbortSignal) {
    this.#send = send;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /**
   * Takes a finished epoch, and waits until the next may run.
   * @throws the signal's reason once it is aborted
   */
  async add(result: EpochResult): Promise<void> {
    this.#waiting.push(result);
    this.#sendNext();
    // Very short epochs would otherwise never let the thread hear what became of the batch.
    await setImmediate();
    await this.#until(() => this.#mayRunAhead());
  }

  /** Call once the last batch is recorded. */
  recorded(): void {
    this.#sent = [];
    this.#sendNext();
    this.#wake();
  }

  /**
   * Waits until every epoch is sent.
   * @throws the signal's reason once it is aborted
   */
  async flushed(): Promise<void> {
    await this.#until(() => this.#waiting.length === 0);
  }

  #sendNext(): void {
    if (this.#sent.length > 0 || this.#waiting.length === 0) return;
    this.#sent = this.#waiting;
    this.#waiting = [];
    this.#send(this.#sent);
  }

  #mayRunAhead(): boolean {
    const ahead = [...this.#sent, ...this.#waiting];
    const ms = ahead.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return ahead.length <= 1 || (ahead.length < maxAhead && ms < aheadMs);
  }

  async #until(condition: () => boolean): Promise<void> {
    this.#signal.throwIfAborted();
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#signal.throwIfAborted();
    }
  }
}
