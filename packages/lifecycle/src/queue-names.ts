import { createHash } from 'node:crypto';

/** Wake-ups for winners to be evaluated: any worker takes them. */
export const evaluationQueue = 'evaluations';

/** Wake-ups for trials that no worker has begun: any worker takes them. */
export const freshTrialQueue = 'trials';

/** Wake-ups for begun trials: only workers of the same numerics id (in its text form) take them. */
export function numericsQueue(numericsId: string): string {
  return `${freshTrialQueue}-${createHash('sha256').update(numericsId).digest('hex').slice(0, 12)}`;
}
