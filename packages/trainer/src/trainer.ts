import type { Program, StageName, StageSettings } from '@bitkiln/core';

/**
 * What decides a trial's bytes besides its task: a trial takes this id at its first claim and only workers
 * with an equal id resume it.
 */
export interface NumericsId {
  /** `tensor` or `kiln`. */
  readonly trainer: string;
  /** Version of the trainer's arithmetic definition; raised whenever the same task would give other bytes. */
  readonly definition: number;
  /** Everything else that changes bytes, such as `backend=wasm`; sorted `key=value` pairs joined by `,`. */
  readonly options: string;
  /** False where the same task may give other bytes on another host (a GPU, relaxed SIMD). */
  readonly reproducible: boolean;
}

/** Pixels are unsigned 8-bit, row-major, channels last; the network sees pixel / 256. */
export interface LabelledImages {
  /** count x rows x cols x channels, usually over a SharedArrayBuffer. */
  readonly images: Uint8Array;
  /** count class indices. */
  readonly labels: Uint8Array;
  readonly count: number;
}

/** Everything that a trial is a function of, besides the numerics id. */
export interface TrialTask {
  readonly program: Program;
  readonly stage: StageName;
  readonly settings: StageSettings;
  /** null starts fresh (float stage); else the flat parameter vector to start from (already calibrated). */
  readonly startParameters: Float32Array | null;
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  readonly experimentSeed: number;
  readonly trialIndex: number;
}

/** A resumable point: the state after `epochsDone` whole epochs. Random streams derive from seed and epoch. */
export interface Checkpoint {
  readonly epochsDone: number;
  /** Optimizer steps done (Adam's t). */
  readonly steps: number;
  /** Flat parameter vector. */
  readonly parameters: Float32Array;
  /** Adam's first and second moments, laid out like `parameters`. */
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

export interface EpochResult {
  /** Counts from 0. */
  readonly epoch: number;
  readonly learningRate: number;
  /** Mean training loss over the epoch's images, as trained (dropout on). */
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationCorrect: number;
  readonly durationMs: number;
  /** State after this epoch; its buffers belong to the receiver. */
  readonly checkpoint: Checkpoint;
}

/** Trains one trial of one stage at a time. */
export interface Trainer {
  readonly numericsId: NumericsId;
  /**
   * Yields each epoch's result from `resumeFrom` (or the start) to `settings.epochs`; the same task gives the
   * same bytes, resumed or not. Aborting ends the iteration with an AbortError before the next batch.
   */
  train(
    task: TrialTask,
    options?: { readonly resumeFrom?: Checkpoint; readonly signal?: AbortSignal },
  ): AsyncGenerator<EpochResult, void, void>;
  /** Frees device or wasm memory. */
  dispose(): void;
}
