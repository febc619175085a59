/** The parts of the API's replies that the CLI reads; docs/api.md has them whole. */

export interface Problem {
  readonly status: number;
  readonly detail: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Stage {
  readonly name: string;
  readonly state: string;
  readonly settings: { readonly trials: number; readonly epochs: number };
  readonly trials: { readonly succeeded: number; readonly failed: number };
  readonly pickedTrialId: string | null;
}

export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly state: 'queued' | 'running' | 'evaluating' | 'succeeded' | 'failed' | 'cancelled';
  readonly network: string;
  readonly strategy: string;
  readonly dataset: string;
  readonly augmentation: string;
  readonly seed: number;
  readonly budgetBytes: number;
  readonly totalBytes: number;
  readonly progress: number;
  readonly pausedAt: string | null;
  readonly secondsLeft: number | null;
  readonly failureReason: string | null;
  readonly lastEventId: number;
  readonly stages: readonly Stage[];
}

export interface Trial {
  readonly id: string;
  readonly index: number;
  readonly state: string;
  readonly epochsDone: number;
  readonly epochsTotal: number;
  readonly lowestLoss: EpochMark | null;
  readonly highestAccuracy: EpochMark | null;
  readonly secondsTrained: number;
}

/** A trial by itself. */
export interface TrialDetail extends Trial {
  readonly experimentId: string;
  readonly stage: string;
  readonly numericsId: string | null;
  readonly waiting: { readonly for: 'worker' | 'resume'; readonly workers: number } | null;
  readonly repeat: {
    readonly of: string;
    readonly equal: boolean | null;
    readonly difference: string | null;
  } | null;
  readonly invalid: { readonly at: string; readonly reason: string } | null;
  readonly failureReason: string | null;
}

export interface DiskUsage {
  readonly checkpoints: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[];
  readonly modelBytes: number;
  readonly epochs: { readonly count: number; readonly bytes: number };
  readonly events: { readonly count: number; readonly bytes: number };
  readonly totalBytes: number;
}

export interface PruneReport {
  readonly dryRun: boolean;
  readonly complete: boolean;
  readonly bytes: number;
  readonly experiments: readonly {
    readonly id: string;
    readonly name: string;
    readonly finishedAt: string;
    readonly checkpoints: number;
    readonly bytes: number;
  }[];
}

interface EpochMark {
  readonly epoch: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

export interface Best {
  readonly experimentId: string;
  readonly trialId: string;
  readonly index: number;
  readonly network: string;
  readonly strategy: string;
  readonly budgetBytes: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly totalBytes: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number;
  readonly testCorrect: number;
  readonly testTotal: number;
  readonly reason: string;
}
