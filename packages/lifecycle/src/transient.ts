import { setTimeout as sleep } from 'node:timers/promises';

/** PostgreSQL's SQLSTATE classes and codes that go by themselves once the server has recovered. */
const transientStates = [
  /^08/, // connection exceptions
  /^53/, // out of disk, memory or connections
  /^57P0[123]$/, // shutting down, crashed, starting up
  /^40(001|P01)$/, // serialization failure, deadlock
  /^(57014|25P03)$/, // a statement or an idle transaction that took too long
  /^55P03$/, // lock not available
];

const transientCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** What pg and its pool say, without a code, of a connection that broke or could not be had. */
const transientMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|connection is not queryable|Query read timeout/i;

/** True for errors that go by themselves: lost connections, restarts, deadlocks, a full disk, exhausted connections. */
export function isTransientError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isTransientError);
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && (transientCodes.has(code) || transientStates.some((state) => state.test(code))))
    return true;
  return (
    transientMessages.test(error.message) || (error.cause !== undefined && isTransientError(error.cause))
  );
}

export interface RetryOptions {
  /** Aborting ends the wait and throws the last error. */
  readonly signal?: AbortSignal;
  readonly onRetry?: (error: unknown, delayMs: number) => void;
}

/**
 * Repeats an idempotent verb while it fails with a transient error, waiting 0.1 s at first and at most 5 s (with a
 * random part, so that a fleet doesn't return all at once). Other errors pass through.
 */
export async function retryTransient<T>(run: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isTransientError(error) || options.signal?.aborted === true) throw error;
      const delayMs = Math.min(5000, 100 * 2 ** tries) * (0.5 + Math.random() / 2);
      options.onRetry?.(error, delayMs);
      await sleep(delayMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
        () => {
          throw error;
        },
      );
    }
  }
}
