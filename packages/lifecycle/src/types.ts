import type { Protocol, Shape, StageName, StageSettings } from '@bitkiln/core';
import type { NumericsId } from './numerics.ts';

export type ExperimentState = 'queued' | 'running' | 'evaluating' | 'succeeded' | 'failed' | 'cancelled';
export type StageState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled';
export type TrialState = 'queued' | 'running' | 'preempted' | 'succeeded' | 'failed' | 'cancelled';

/** An experiment as checked by the caller: nothing here is parsed again. */
export interface NewExperiment {
  readonly name: string;
  readonly dataset: string;
  readonly augmentation: string;
  /** Compact notation, bits included. */
  readonly network: string;
  readonly input: Shape;
  readonly classes: number;
  readonly strategy: string;
  readonly budgetBytes: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  /** Whole, 0 to 2^53 - 1. */
  readonly seed: number;
  /** Share of the workers beside other experiments, 1 to 100; default 10. */
  readonly priority?: number;
  readonly protocol: Protocol;
  readonly idempotency?: {
    readonly key: string;
    /** Any digest of the request's body that is equal for equal requests. */
    readonly bodyHash: string;
  };
}

/** One attempt at a trial: the token that every write of the attempt must carry. */
export interface Fence {
  readonly trialId: string;
  /** From 1; a later claim has a higher one. */
  readonly attempt: number;
}

/** A resumable point (the trainer package's Checkpoint). */
export interface ResumePoint {
  readonly epochsDone: number;
  /** Optimizer steps done. */
  readonly steps: number;
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** What a trial starts from when there is nothing to resume. */
export type StartPoint =
  | { readonly kind: 'fresh' }
  | {
      readonly kind: 'parameters';
      /** The pick of the stage before. */
      readonly trialId: string;
      /** The flat parameter vector of its lowest-loss checkpoint. */
      readonly parameters: Float32Array;
      /** True where the parameters come from the float stage, so that scales must be calibrated first. */
      readonly calibrate: boolean;
    };

/** What a worker needs to know of its work's experiment. */
export interface WorkExperiment {
  readonly id: string;
  readonly name: string;
  readonly seed: number;
  readonly dataset: string;
  readonly augmentation: string;
  /** Null until a first attempt pins it. */
  readonly dataHash: string | null;
  readonly network: string;
  readonly input: Shape;
  readonly classes: number;
}

/** Everything that a worker needs to train a trial. */
export interface ClaimedTrial {
  readonly fence: Fence;
  readonly leaseMs: number;
  readonly experiment: WorkExperiment;
  readonly stage: StageName;
  readonly settings: StageSettings;
  /** From 0 within the stage. */
  readonly trialIndex: number;
  readonly start: StartPoint;
  readonly resume: ResumePoint | null;
}

export type ClaimTrialResult =
  | { readonly outcome: 'claimed'; readonly trial: ClaimedTrial }
  /** Another attempt holds it, it is over, or it is gone. Take the next job. */
  | { readonly outcome: 'unavailable'; readonly state: TrialState | 'unknown' }
  /** It was begun under another numerics id; a wake-up was sent to that id's queue. */
  | { readonly outcome: 'other-numerics'; readonly numericsId: string }
  | NotNow
  /** Its start or resume point is damaged or gone: the attempt was recorded as failed. */
  | { readonly outcome: 'corrupt-checkpoint'; readonly reason: string };

/** Work that waits for something other than a worker; its wake-up is sent again when that has come. */
export type NotNow =
  /** Its experiment is paused. */
  | { readonly outcome: 'paused' }
  /** A newer version made it, by rules that this one does not know: it is left to workers that do. */
  | { readonly outcome: 'newer-format'; readonly format: number; readonly readable: number };

export interface ClaimTrialInput {
  readonly trialId: string;
  readonly workerId: string;
  readonly numericsId: NumericsId;
  /** How long the claim holds without an extension; default `defaultLeaseMs`. */
  readonly leaseMs?: number;
}

/** A finished epoch with the state after it. */
export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationCorrect: number;
  readonly validationTotal: number;
  readonly durationMs: number;
  readonly checkpoint: ResumePoint;
}

/** In what an epoch is better than all before it. */
export interface RecordedEpoch {
  readonly epoch: number;
  readonly lowestLoss: boolean;
  readonly highestAccuracy: boolean;
}

export interface RecordEpochsResult {
  readonly epochsDone: number;
  /** None where these very epochs had been recorded before by the same attempt (a repeated call). */
  readonly recorded: readonly RecordedEpoch[];
  /** The experiment is paused: hand the trial back now. */
  readonly paused: boolean;
}

export type LeaseResult =
  | { readonly held: true }
  | { readonly held: false; readonly reason: StaleLeaseReason };
export type StaleLeaseReason = 'cancelled' | 'preempted' | 'ended' | 'unknown';

export interface CompleteTrialResult {
  /** False where this attempt had been counted before (a repeated call). */
  readonly counted: boolean;
  readonly experimentState: ExperimentState;
}

export interface FailTrialResult {
  /** `queued`: it will be tried again. */
  readonly trialState: 'queued' | 'failed';
  readonly experimentState: ExperimentState;
}

/** One attempt at evaluating a winner. */
export interface EvaluationFence {
  readonly experimentId: string;
  readonly attempt: number;
}

/** Everything that a worker needs to evaluate the winner and write its model files. */
export interface ClaimedEvaluation {
  readonly fence: EvaluationFence;
  readonly leaseMs: number;
  readonly experiment: WorkExperiment & { readonly strategy: string };
  readonly winner: {
    readonly trialId: string;
    readonly trialIndex: number;
    readonly numericsId: string;
    readonly reproducible: boolean;
    /** The flat parameter vector of the lowest-loss checkpoint. */
    readonly parameters: Float32Array;
    readonly epoch: number;
    readonly validationLoss: number;
    readonly validationCorrect: number;
    readonly validationTotal: number;
  };
}

export type ClaimEvaluationResult =
  | { readonly outcome: 'claimed'; readonly evaluation: ClaimedEvaluation }
  | { readonly outcome: 'unavailable'; readonly state: ExperimentState | 'unknown' }
  | NotNow
  /** The winner's checkpoint is damaged or gone: the attempt was recorded as failed. */
  | { readonly outcome: 'corrupt-checkpoint'; readonly reason: string };

export interface WinnerRecord {
  readonly testCorrect: number;
  readonly testTotal: number;
  /** model.json. */
  readonly json: Uint8Array;
  /** model.h5. */
  readonly h5: Uint8Array;
  /** Version of bitkiln that wrote the files. */
  readonly version: string;
}

export interface NewWorker {
  readonly host: string;
  readonly pid: number;
  /** Such as `cpu:0` or `gpu:1`. */
  readonly device: string;
  readonly numericsId: NumericsId;
  readonly version: string;
  readonly samplesPerSecond?: number;
}

export interface ReconcileReport {
  /** Attempts whose lease had lapsed. */
  readonly preemptedTrials: number;
  readonly preemptedEvaluations: number;
  /** Waiting trials and evaluations whose job was missing from the queue. */
  readonly resent: number;
  readonly lostWorkers: number;
}
