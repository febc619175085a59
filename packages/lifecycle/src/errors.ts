/** The idempotency key was used before with another body. */
export class IdempotencyConflictError extends Error {
  override readonly name = 'IdempotencyConflictError';
  readonly experimentId: string;

  constructor(key: string, experimentId: string) {
    super(`idempotency key '${key}' was used before with another body (experiment ${experimentId})`);
    this.experimentId = experimentId;
  }
}

export type StaleReason =
  /** The experiment was cancelled. */
  | 'cancelled'
  /** The lease lapsed: the trial was handed on, or waits to be. */
  | 'preempted'
  /** The attempt ended by its own report (succeeded, failed or released). */
  | 'ended'
  /** There is no such trial or attempt. */
  | 'unknown';

/** A write carried a fencing token that no longer holds; nothing was written. */
export class StaleAttemptError extends Error {
  override readonly name = 'StaleAttemptError';
  readonly reason: StaleReason;

  constructor(subject: string, reason: StaleReason) {
    super(`${subject} may not write any more: ${reason}`);
    this.reason = reason;
  }
}

/** An epoch came out of order or with figures that can't be stored; nothing was written. */
export class InvalidEpochError extends Error {
  override readonly name = 'InvalidEpochError';
}

/** The worker's images are not those that the experiment's other trials were trained on. */
export class DataMismatchError extends Error {
  override readonly name = 'DataMismatchError';
}

/** A stored checkpoint is missing, or its bytes don't have the SHA-256 that was recorded with them. */
export class CorruptCheckpointError extends Error {
  override readonly name = 'CorruptCheckpointError';
}

/** What was asked for can't be done to something in this state; nothing was changed. */
export class WrongStateError extends Error {
  override readonly name = 'WrongStateError';
  readonly state: string;

  /** @param expected what the state must be for it, in words. */
  constructor(what: 'experiment' | 'trial', id: string, state: string, expected: string) {
    super(`${what} ${id} is ${state}; expected ${expected}`);
    this.state = state;
  }
}

export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';

  constructor(what: string, id: string) {
    super(`there is no ${what} ${id}`);
  }
}
