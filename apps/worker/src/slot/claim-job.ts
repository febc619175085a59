import {
  type ClaimEvaluationResult,
  type ClaimTrialResult,
  claimEvaluation,
  claimTrial,
  type JobPayload,
  retryTransient,
} from '@bitkiln/lifecycle';
import type { Logger } from 'pino';
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
    tellRefusal('trial', log.child({ trial: trialId }), claimed);
    return null;
  }
  const { experimentId } = payload;
  const claimed = await retry(() => claimEvaluation(database, { experimentId, workerId }));
  if (claimed.outcome === 'claimed') return () => runEvaluation(claimed.evaluation, slot);
  tellRefusal('evaluation', log.child({ experiment: experimentId }), claimed);
  return null;
}

type Refusal = Exclude<ClaimTrialResult | ClaimEvaluationResult, { outcome: 'claimed' }>;

/** Most refusals are part of the work; two call for somebody. */
function tellRefusal(what: 'trial' | 'evaluation', log: Logger, refusal: Refusal): void {
  switch (refusal.outcome) {
    case 'newer-format':
      log.warn(
        refusal,
        'a newer bitkiln made this work: it is left to workers of that version; upgrade this one',
      );
      break;
    case 'corrupt-checkpoint':
      log.error(refusal, 'a stored checkpoint is damaged: the attempt is recorded as failed');
      break;
    default:
      log.debug(refusal, `${what} not claimed`);
  }
}
