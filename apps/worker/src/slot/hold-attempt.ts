import { isSchemaMismatch, type LeaseResult, retryTransient, StaleAttemptError } from '@bitkiln/lifecycle';
import type { Logger } from 'pino';
import { farewell } from '../farewell.ts';
import { unlessAborted } from '../unless-aborted.ts';
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

/** Why work is handed back that could have gone on. */
const handBackReasons = {
  'hand-back': 'the worker is shutting down',
  paused: 'the experiment is paused',
} as const;
type HandBack = keyof typeof handBackReasons;

/**
 * Holds an attempt's lease while `work` runs, then ends the attempt: as the work says, or as what stopped it calls
 * for. Only errors of the work itself count as failures.
 */
export async function holdAttempt(
  verbs: AttemptVerbs,
  { stopping, log }: { readonly stopping: Stopping; readonly log: Logger },
  work: (held: HeldAttempt) => Promise<'done' | HandBack>,
): Promise<void> {
  const lease = keepLease(() => verbs.extend(), log);
  const signal = AbortSignal.any([lease.lost, stopping.now]);
  const onRetry = (error: unknown, delayMs: number) =>
    log.warn({ err: error, delayMs }, 'the database is away; trying again');
  // A verb that the database leaves without an answer must not outlast the attempt.
  const persist = <T>(verb: () => Promise<T>) =>
    unlessAborted(retryTransient(verb, { signal, onRetry }), signal);
  const handBack = async (reason: string) => {
    try {
      const held = await farewell(() => verbs.release(reason), onRetry);
      log.info(held ? 'handed back' : 'nothing to hand back: the attempt was over');
    } catch (error) {
      log.warn({ err: error }, 'could not be handed back: its lease will lapse');
    }
  };
  const endAfter = async (error: unknown) => {
    if (lease.lost.aborted) throw lease.lost.reason;
    if (stopping.now.aborted) return handBack(handBackReasons['hand-back']);
    if (error instanceof StaleAttemptError) throw error;
    if (isSchemaMismatch(error)) {
      log.error({ err: error }, 'the database is of another version than this worker: handing back');
      return handBack('the worker is of another version than the database');
    }
    log.error({ err: error }, 'attempt failed');
    await persist(() => verbs.fail(error instanceof Error ? error.message : String(error)));
  };
  try {
    const outcome = await work({ signal, persist }).catch(endAfter);
    if (outcome === 'hand-back' || outcome === 'paused') await handBack(handBackReasons[outcome]);
  } catch (error) {
    if (!(error instanceof StaleAttemptError || error instanceof LeaseLostError)) throw error;
    const level = error.reason === 'cancelled' ? 'info' : 'warn';
    log[level]({ reason: error.reason }, `stopped, and nothing more is written: ${error.message}`);
  } finally {
    lease.stop();
  }
}
