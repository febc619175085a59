import type { ImageSet, Provenance, Shape, StageName, StageSettings } from '@bitkiln/core';
import type { ResumePoint, StartPoint } from '@bitkiln/lifecycle';
import type { EpochResult, NumericsId, TrainerSpec } from '@bitkiln/trainer';
import type { PlainError } from '../threads/plain-error.ts';

/** What a compute thread is started with. */
export interface ThreadData {
  readonly trainer: TrainerSpec;
  /** Whether to train a few steps at start and tell the rate. */
  readonly measure: boolean;
}

/** Train a trial, or what is left of it. Images over SharedArrayBuffers are shared with the thread, not copied. */
export interface TrainOrder {
  readonly kind: 'train';
  readonly network: string;
  readonly input: Shape;
  readonly stage: StageName;
  readonly settings: StageSettings;
  readonly experimentSeed: number;
  readonly trialIndex: number;
  readonly start: StartPoint;
  readonly resume: ResumePoint | null;
  readonly train: ImageSet;
  readonly validation: ImageSet;
}

/** Evaluate a winner and write its model files. */
export interface EvaluateOrder {
  readonly kind: 'evaluate';
  readonly network: string;
  readonly input: Shape;
  /** The flat parameter vector. */
  readonly parameters: Float32Array;
  readonly provenance: Provenance;
  readonly test: ImageSet;
}

/** What is recorded of an evaluated winner. */
export interface EvaluationResult {
  readonly testCorrect: number;
  readonly testTotal: number;
  readonly json: Uint8Array;
  readonly h5: Uint8Array;
}

/** What a compute thread can be asked to do, as plain data. */
export type Order = TrainOrder | EvaluateOrder;

/** Orders are numbered from 1, so that replies to one that was given up are told apart. */
export type ThreadRequest =
  | { readonly kind: 'order'; readonly number: number; readonly order: Order }
  /** The epochs last sent are safe: the thread may send more. */
  | { readonly kind: 'recorded'; readonly number: number }
  | { readonly kind: 'abort'; readonly number: number };

/** The first message of a thread, once its trainer has passed its self-test. */
export interface ThreadReady {
  readonly numericsId: NumericsId;
  readonly samplesPerSecond: number | null;
}

export type ThreadReply =
  | { readonly kind: 'epochs'; readonly number: number; readonly results: readonly EpochResult[] }
  | { readonly kind: 'done'; readonly number: number; readonly result: EvaluationResult | null }
  | { readonly kind: 'failed'; readonly number: number; readonly error: PlainError }
  /** Answers an abort: the order has ended, one way or another. */
  | { readonly kind: 'stopped'; readonly number: number };
