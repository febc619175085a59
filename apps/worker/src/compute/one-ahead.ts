/** Holds training back so that it runs at most one epoch ahead of what is recorded. */
export class OneAhead {
  readonly #signal: AbortSignal;
  #recorded: number;
  #wake: () => void = () => {};

  /** @param epochsDone epochs recorded before training starts or resumes */
  constructor(epochsDone: number, signal: AbortSignal) {
    this.#recorded = epochsDone - 1;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Call once an epoch (from 0) is recorded. */
  recorded(epoch: number): void {
    this.#recorded = Math.max(this.#recorded, epoch);
    this.#wake();
  }

  /**
   * Waits until the epoch before `finished` is recorded, so that the one after `finished` may run.
   * @throws the signal's reason once it is aborted
   */
  async afterFinishing(finished: number): Promise<void> {
    this.#signal.throwIfAborted();
    while (this.#recorded < finished - 1) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#signal.throwIfAborted();
    }
  }
}
