import { setImmediate } from 'node:timers/promises';

/** Milliseconds of computing between two turns of the event loop: messages and aborts arrive this promptly. */
const sliceMs = 20;

/** Tells long computations when to let the event loop turn, and ends them once they are aborted. */
export interface Breather {
  due(): boolean;
  /** Lets the event loop turn. Throws an AbortError where the signal has been aborted. */
  rest(): Promise<void>;
  /** Throws an AbortError where the signal has been aborted. */
  check(): void;
}

export function createBreather(signal: AbortSignal | undefined): Breather {
  let last = performance.now();
  const check = () => {
    if (signal?.aborted) throw new DOMException('training was aborted', 'AbortError');
  };
  return {
    due: () => performance.now() - last > sliceMs,
    async rest() {
      await setImmediate();
      last = performance.now();
      check();
    },
    check,
  };
}
