import { type RetryOptions, retryTransient } from '@bitkiln/lifecycle';
import { unlessAborted } from './unless-aborted.ts';

/** What a leaving process still has to say and to close gets this long, however silent the other side is. */
const farewellMs = 2000;

/**
 * Does what is polite before a process leaves, again while it fails for want of a connection.
 * @throws Error where it could not be done in two seconds; whoever is left finds out by itself
 */
export function farewell<T>(verb: () => Promise<T>, onRetry?: RetryOptions['onRetry']): Promise<T> {
  const signal = AbortSignal.timeout(farewellMs);
  const options = onRetry === undefined ? { signal } : { signal, onRetry };
  return unlessAborted(retryTransient(verb, options), signal);
}
