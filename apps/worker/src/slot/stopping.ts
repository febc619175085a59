/** How a process stops: first it drains, then what is left stops at once. */
export interface Stopping {
  /** Take no more work; hand a trial back after the epoch it is in. */
  readonly draining: AbortSignal;
  /** Hand back what is still running. */
  readonly now: AbortSignal;
}
