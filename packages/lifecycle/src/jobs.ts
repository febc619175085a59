/** What a wake-up names. Jobs carry nothing else: Postgres is the truth. */
export type JobPayload =
  | { readonly kind: 'trial'; readonly trialId: string }
  | { readonly kind: 'evaluation'; readonly experimentId: string };

/** A wake-up for a worker. The id is deterministic, so that sending it twice makes one job. */
export interface Job {
  readonly jobId: string;
  readonly queue: string;
  /** Place in line, the lowest first; left out, or 0: before all that have one. */
  readonly turn?: number;
  readonly payload: JobPayload;
}
