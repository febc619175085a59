import { type LeaseResult, leaseBeatMs, type StaleLeaseReason } from '@bitkiln/lifecycle';
import type { Logger } from 'pino';
import { every } from '../every.ts';

/** This process may not write for the attempt any more; nothing is lost that was recorded. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly reason: StaleLeaseReason;

  constructor(reason: StaleLeaseReason) {
    super(`the attempt's lease is gone: ${reason}`);
    this.reason = reason;
  }
}

export interface Lease {
  /** Aborted with a LeaseLostError once the attempt is no longer this worker's. */
  readonly lost: AbortSignal;
  stop(): void;
}

/**
 * Extends an attempt's lease until stopped. While the database is away it goes on trying: only the database's clock
 * says whether the lease has lapsed, and only a later claim makes that matter.
 */
export function keepLease(extend: () => Promise<LeaseResult>, log: Logger): Lease {
  const lost = new AbortController();
  const beat = async () => {
    try {
      const result = await extend();
      if (result.held) return;
      timer.stop();
      lost.abort(new LeaseLostError(result.reason));
    } catch (error) {
      log.warn({ err: error }, 'the lease could not be extended; trying again');
    }
  };
  // The claim has just given it.
  const timer = every(leaseBeatMs, beat, leaseBeatMs);
  return { lost: lost.signal, stop: () => timer.stop() };
}
