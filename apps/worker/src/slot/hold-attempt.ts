import { type LeaseResult, retryTransient, StaleAttemptError } from '@bitkiln/lifecycle';
import type { Logger } from 'pino';
import { keepLease, LeaseLostError } from './lease.ts';
import type { Stopping } from './stopping.ts';

/** The verbs of one attempt, at a trial or at an evaluation. */
export interface AttemptVerbs {
  extend(): Promise<LeaseResult>;
  /** Hands it back, which uses up no attempt; false where this attempt held it no more. */
  release(reason: string): Promise<boolean>;
  fail(reason: string): Promise<unknown>;
}

export interface HeldAttempt {
  /** Aborted when the work must stop at once. */
  readonly signal: AbortSignal;
  /** Repeats a verb while the database is away; the work stands still meanwhile, and loses nothing. */
  persist<T>(verb: () => Promise<T>): Promise<T>;
}

/** A process that stops and can't reach the database gives up handing back after this; then the lease lapses. */
const farewellMs = 2000;

/**
 * Holds an attempt's lease while `work` runs, then ends the attempt: as the work says, or as what stopped it calls
 * for. Only errors of the work itself count as failures.
 */
export async function holdAttempt(
  verbs: AttemptVerbs,
  { stopping, log }: { readonly stopping: Stopping; readonly log: Logger },
  work: (held: HeldAttempt) => Promise<'done' | 'hand-back'>,
): Promise<void> {
  const lease = keepLease(() => verbs.extend(), log);
  const signal = AbortSignal.any([lease.lost, stopping.now]);
  const retry = <T>(verb: () => Promise<T>, until: AbortSignal) =>
    retryTransient(verb, {
      signal: until,
      onRetry: (error, delayMs) => log.warn({ err: error, delayMs }, 'the database is away; trying again'),
    });
  const handBack = async () => {
    const until = AbortSignal.timeout(farewellMs);
    try {
      const held = await retry(() => verbs.release('the worker is shutting down'), until);
      log.info(held ? 'handed back' : 'nothing to hand back: the attempt was over');
    } catch (error) {
      log.warn({ err: error }, 'could not be handed back: its lease will lapse');
    }
  };
  const endAfter = async (error: unknown) => {
    if (lease.lost.aborted) throw lease.lost.reason;
    if (stopping.now.aborted) return handBack();
    if (error instanceof StaleAttemptError) throw error;
    log.error({ err: error }, 'attempt failed');
    await retry(() => verbs.fail(error instanceof Error ? error.message : String(error)), signal);
  };
  try {
    const outcome = await work({ signal, persist: (verb) => retry(verb, signal) }).catch(endAfter);
    if (outcome === 'hand-back') await handBack();
  } catch (error) {
    if (!(error instanceof StaleAttemptError || error instanceof LeaseLostError)) throw error;
    const level = error.reason === 'cancelled' ? 'info' : 'warn';
    log[level]({ reason: error.reason }, `stopped, and nothing more is written: ${error.message}`);
  } finally {
    lease.stop();
  }
}
