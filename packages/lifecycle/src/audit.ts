import type { Transaction } from './transaction.ts';

/** What is asked for from outside, as the audit's `action` column names it. */
export type AuditAction =
  | 'experiment.cancel'
  | 'experiment.pause'
  | 'experiment.resume'
  | 'experiment.delete'
  | 'experiment.prune'
  | 'evaluation.retry'
  | 'trial.retry'
  | 'trial.restart'
  | 'trial.repeat'
  | 'trial.invalidate';

export interface AuditEntry {
  /** The name of the caller's token, `loopback` for one on the service's own host, `system` for ours. */
  readonly by: string;
  readonly action: AuditAction;
  readonly experimentId: string;
  readonly trialId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Notes who changed what, in the change's own transaction; the note outlives the experiment. */
export async function audit(transaction: Transaction, entry: AuditEntry): Promise<void> {
  await transaction.query(
    'INSERT INTO audit (actor, action, experiment_id, trial_id, details) VALUES ($1, $2, $3, $4, $5)',
    [entry.by, entry.action, entry.experimentId, entry.trialId ?? null, JSON.stringify(entry.details ?? {})],
  );
}
