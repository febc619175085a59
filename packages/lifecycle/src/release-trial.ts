import { holds, lockTrial } from './attempt.ts';
import type { Database } from './database.ts';
import { preemptTrial } from './preempt-trial.ts';
import { inTransaction } from './transaction.ts';
import type { Fence } from './types.ts';

/**
 * Hands a trial back from its attempt, to go on elsewhere from its latest checkpoint; it uses up no attempt.
 *
 * @returns false where the attempt held it no more: there was nothing to hand back.
 */
export function releaseTrial(database: Database, fence: Fence, reason: string): Promise<boolean> {
  return inTransaction(database, async (transaction) => {
    const trial = await lockTrial(transaction, fence.trialId);
    if (trial === null || !holds(trial, fence)) return false;
    await preemptTrial(transaction, trial, reason);
    return true;
  });
}
