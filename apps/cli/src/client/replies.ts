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
