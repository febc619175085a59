import { claimEvaluation, claimTrial, type JobPayload, retryTransient } from '@bitkiln/lifecycle';
import { runEvaluation } from './run-evaluation.ts';
import { runTrial } from './run-trial.ts';
import type { SlotContext } from './slot-context.ts';

/**
 * Claims what a job names and returns the work to do; null where there is none: another attempt holds it, it is
 * over, or it waits for workers of another numerics id.
 */
export async function claimJob(
  payload: JobPayload,
  slot: SlotContext,
): Promise<(() => Promise<void>) | null> {
  const { database, workerId, numericsId, log, stopping } = slot;
  const retry = <T>(verb: () => Promise<T>) =>
    retryTransient(verb, {
      signal: stopping.draining,
      onRetry: (error, delayMs) => log.warn({ err: error, delayMs }, 'the database is away; trying again'),
    });
  if (payload.kind === 'trial') {
    const { trialId } = payload;
    const claimed = await retry(() => claimTrial(database, { trialId, workerId, numericsId }));
    if (claimed.outcome === 'claimed') return () => runTrial(claimed.trial, slot);
    log.debug({ trial: trialId, ...claimed }, 'trial not claimed');
    return null;
  }
  const { experimentId } = payload;
  const claimed = await retry(() => claimEvaluation(database, { experimentId, workerId }));
  if (claimed.outcome === 'claimed') return () => runEvaluation(claimed.evaluation, slot);
  log.debug({ experiment: experimentId, ...claimed }, 'evaluation not claimed');
  return null;
}
