/** What a rule may find wrong. */
export type ProblemKind = 'lost' | 'duplicated' | 'stale' | 'winner';

export interface Problem {
  readonly kind: ProblemKind;
  readonly text: string;
}

/** What the checker prints. */
export interface Findings {
  readonly lost: number;
  readonly duplicated: number;
  readonly staleWrites: number;
  readonly winnerBytesEqual: boolean;
  readonly experiments: number;
  readonly trials: number;
  readonly epochs: number;
  readonly attempts: number;
  /** Attempts that noticed that they were stale, and said so in a log. */
  readonly staleAttemptsRefused: number;
  readonly problems: readonly string[];
}
