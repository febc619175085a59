/*
 * What the page reads of the API's replies. The API's own tests hold their whole form; docs/api.md tells it.
 */
export const stageNames = ['float', 'movingScales', 'frozenScales'] as const;
export type StageName = (typeof stageNames)[number];

/** In the order of an experiment's life. */
export const shownStates = [
  'queued',
  'running',
  'paused',
  'evaluating',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type ShownState = (typeof shownStates)[number];
type ExperimentState = Exclude<ShownState, 'paused'>;
export type TrialState = 'queued' | 'running' | 'preempted' | 'succeeded' | 'failed' | 'cancelled';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface ExperimentBrief {
  readonly id: string;
  readonly name: string;
  readonly state: ExperimentState;
  readonly dataset: string;
  readonly augmentation: string;
  readonly network: string;
  readonly strategy: string;
  readonly budgetBytes: number;
  readonly totalBytes: number;
  readonly seed: number;
  readonly priority: number;
  readonly progress: number;
  readonly secondsLeft: number | null;
  readonly failureReason: string | null;
  readonly pausedAt: string | null;
  readonly winner: {
    readonly trialId: string;
    readonly validationAccuracy: number;
    readonly testAccuracy: number;
    readonly score: number | null;
    readonly totalBytes: number;
  } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** The state that is shown: paused stands before what the experiment will be again when it goes on. */
export function shownState({ state, pausedAt, finishedAt }: ExperimentBrief): ShownState {
  return pausedAt === null || finishedAt !== null ? state : 'paused';
}

export interface StageSettings {
  readonly trials: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: { readonly initial: number; readonly decay: number; readonly minimum: number };
}

export interface Stage {
  readonly name: StageName;
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly settings: StageSettings;
  readonly trials: Readonly<Record<TrialState, number>>;
  readonly epochsDone: number;
  readonly epochsTotal: number;
  readonly progress: number;
  readonly pickedTrialId: string | null;
  readonly invalidTrials: number;
}

export interface Experiment extends ExperimentBrief {
  readonly lastEventId: number;
  readonly stages: readonly Stage[];
}

export interface EpochMark {
  readonly epoch: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

export interface Curve {
  readonly id: string;
  readonly index: number;
  state: TrialState;
  attempts: number;
  epochsDone: number;
  lowestLoss: EpochMark | null;
  highestAccuracy: EpochMark | null;
  score: number | null;
  readonly invalid: boolean;
  readonly epochs: number[];
  readonly losses: number[];
  readonly accuracies: number[];
}

export interface Curves {
  readonly stage: StageName;
  readonly step: number;
  readonly lastEventId: number;
  readonly trials: Curve[];
  /** How many trials repeat one of these, and have no curve here. */
  readonly repeats: number;
}

export interface SelectionScore {
  readonly trialId: string;
  readonly index: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly bestAccuracy: number;
  readonly score: number | null;
}

/** What the z-score rule derived; the greedy rule has none of it. */
export interface SelectionDetails {
  readonly loss?: { readonly mean: number; readonly deviation: number };
  readonly accuracy?: { readonly mean: number; readonly deviation: number };
  readonly samplingDeviation?: number;
  readonly residualDeviation?: number | null;
  readonly line?: { readonly slope: number; readonly intercept: number } | null;
  readonly special?: string | null;
}

export interface StageSelection {
  readonly stage: StageName;
  readonly rule: string;
  readonly chosenTrialId: string;
  readonly runnerUpTrialId: string | null;
  readonly images: number;
  readonly weight: number | null;
  readonly details: SelectionDetails;
  readonly scores: readonly SelectionScore[];
}

interface ModelFile {
  readonly href: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface Winner {
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
  readonly score: number | null;
  readonly runnerUp: {
    readonly trialId: string;
    readonly index: number;
    readonly score: number | null;
    readonly validationAccuracy: number;
  } | null;
  readonly reason: string;
  readonly provenance: {
    readonly numericsId: string;
    readonly reproducible: boolean;
    readonly dataHash: string;
    readonly version: string;
    readonly seeds: { readonly experiment: number; readonly stage: StageName; readonly trial: number };
  };
  readonly models: { readonly json: ModelFile; readonly h5: ModelFile };
}

export interface TestRun {
  readonly shape: Shape;
  readonly classes: number;
  readonly total: number;
  readonly correct: number;
  readonly confusion: readonly (readonly number[])[];
  readonly mistakes: readonly {
    readonly index: number;
    readonly label: number;
    readonly told: number;
    readonly margin: number;
    readonly pixels: string;
  }[];
}

export interface Shape {
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
}

export interface Trial {
  readonly id: string;
  readonly experimentId: string;
  readonly stage: StageName;
  readonly index: number;
  readonly state: TrialState;
  readonly seeds: { readonly experiment: number; readonly stage: StageName; readonly trial: number };
  readonly numericsId: string | null;
  readonly reproducible: boolean | null;
  readonly attempts: number;
  readonly failures: number;
  readonly preemptions: number;
  readonly epochsDone: number;
  readonly epochsTotal: number;
  readonly lowestLoss: EpochMark | null;
  readonly highestAccuracy: EpochMark | null;
  readonly score: number | null;
  readonly secondsTrained: number;
  readonly failureReason: string | null;
  readonly waiting: { readonly for: 'worker' | 'resume'; readonly workers: number } | null;
  readonly repeat: {
    readonly of: string;
    readonly equal: boolean | null;
    readonly difference: string | null;
  } | null;
  readonly invalid: { readonly at: string; readonly reason: string } | null;
  readonly repeats: readonly string[];
  readonly attemptList: readonly {
    readonly number: number;
    readonly state: string;
    readonly worker: {
      readonly id: string;
      readonly host: string;
      readonly device: string;
      readonly samplesPerSecond: number | null;
    };
    readonly startEpoch: number;
    readonly epochsDone: number;
    readonly reason: string | null;
    readonly startedAt: string;
    readonly endedAt: string | null;
  }[];
  readonly checkpoints: readonly {
    readonly kind: 'lowestLoss' | 'highestAccuracy' | 'latest';
    readonly epochsDone: number;
    readonly steps: number;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly savedAt: string;
  }[];
}

export interface Epoch {
  readonly epoch: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly durationMs: number;
}

export interface WeightHistogram {
  readonly op: number;
  readonly layer: string;
  readonly kind: 'kernel' | 'bias';
  readonly count: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly deviation: number;
  readonly bits: number;
  readonly scale: number | null;
  readonly clipped: number | null;
  readonly edge: number;
  readonly bins: readonly number[];
  readonly levels: readonly { readonly value: number; readonly count: number }[] | null;
}

export interface Weights {
  readonly stage: StageName;
  readonly epochsDone: number;
  readonly histograms: readonly WeightHistogram[];
  readonly firstKernels: {
    readonly layer: string;
    readonly rows: number;
    readonly cols: number;
    readonly channels: number;
    readonly filters: readonly (readonly number[])[];
    readonly quantized: readonly (readonly number[])[] | null;
  } | null;
}

export interface Worker {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly device: string;
  readonly state: 'online' | 'draining' | 'retired' | 'lost';
  readonly trainer: string;
  readonly numericsId: string;
  readonly version: string;
  readonly samplesPerSecond: number | null;
  readonly currentTrialId: string | null;
  readonly startedAt: string;
  readonly heartbeatAt: string;
}

interface StorageTotals {
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly totalBytes: number;
}

export type StrategyName = 'naive' | 'normal' | 'transpose' | 'herringbone';

export interface Check extends StorageTotals {
  readonly network: string;
  readonly dataset: { readonly name: string; readonly shape: Shape; readonly classes: number };
  readonly layers: readonly {
    readonly text: string;
    readonly input: Shape;
    readonly output: Shape;
    readonly parameters: number;
    readonly macs: number;
    readonly weightBytes: number;
    readonly liveBytes: number;
  }[];
  readonly parameters: number;
  readonly macs: number;
  readonly strategy: StrategyName;
  readonly budgetBytes: number;
  readonly strategies: Readonly<Record<StrategyName, StorageTotals>>;
  readonly fits: boolean;
  readonly fault: { readonly title: string; readonly detail: string } | null;
  readonly protocol: Readonly<Record<StageName, StageSettings>>;
  readonly estimate: {
    readonly seconds: number;
    readonly workers: number;
    readonly samplesPerSecond: number;
  } | null;
}
