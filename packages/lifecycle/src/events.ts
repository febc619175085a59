import type { StageName } from '@bitkiln/core';

export interface TrialFields {
  readonly trialId: string;
  readonly stage: StageName;
  readonly index: number;
  /** The trial that it repeats; left out where it is none. */
  readonly repeatOf?: string;
}

/** Who asked for it. */
interface Requested {
  readonly by: string;
}

/** The data of every event type; the names are the `type` column and the server-sent event's `event` field. */
export interface EventData {
  'experiment.submitted': { readonly name: string };
  'stage.started': { readonly stage: StageName; readonly trials: number; readonly epochs: number };
  /** A worker makes or fetches the images that the trials wait for; `done` of `total` counts images, epochs or bytes. */
  'images.preparing': {
    readonly workerId: string;
    readonly phase: string;
    readonly done: number;
    readonly total: number;
    /** For people: a teacher's accuracy, the images thrown out by class. */
    readonly note?: string;
  };
  'trial.claimed': TrialFields & {
    readonly attempt: number;
    readonly workerId: string;
    readonly numericsId: string;
    readonly startEpoch: number;
  };
  'trial.epoch': TrialFields & {
    readonly epoch: number;
    readonly learningRate: number;
    readonly trainLoss: number;
    readonly validationLoss: number;
    readonly validationCorrect: number;
    readonly validationTotal: number;
    readonly durationMs: number;
    readonly lowestLoss: boolean;
    readonly highestAccuracy: boolean;
  };
  'trial.preempted': TrialFields & { readonly attempt: number; readonly reason: string };
  'trial.retried': TrialFields & { readonly attempt: number; readonly reason: string };
  'trial.failed': TrialFields & { readonly attempt: number; readonly reason: string };
  'trial.succeeded': TrialFields & {
    readonly attempt: number;
    readonly bestLoss: number;
    readonly bestLossCorrect: number;
    readonly bestCorrect: number;
    readonly validationTotal: number;
  };
  'trial.cancelled': TrialFields & { readonly reason: string };
  /** A failed trial goes back to the queue, with a fresh budget of attempts. */
  'trial.reopened': TrialFields & Requested;
  /** Its epochs and checkpoints are gone: it starts from epoch 0, under any numerics id. */
  'trial.restarted': TrialFields &
    Requested & { readonly droppedEpochs: number; readonly numericsId: string | null };
  'trial.repeat-queued': TrialFields & Requested;
  /** A repeat has finished: did it come to the same bytes, and if not, where did it first differ? */
  'trial.repeated': TrialFields & { readonly equal: boolean; readonly difference: string | null };
  'trial.invalidated': TrialFields & Requested & { readonly reason: string };
  'stage.succeeded': { readonly stage: StageName; readonly succeeded: number; readonly failed: number };
  'stage.failed': { readonly stage: StageName; readonly reason: string };
  'selection.made': TrialFields & {
    readonly rule: 'greedy' | 'z-score';
    readonly weight: number | null;
    readonly score: number | null;
    readonly runnerUpTrialId: string | null;
  };
  /** A pick is taken back, since a trial was declared invalid that it had to do with; another one follows. */
  'selection.withdrawn': { readonly stage: StageName; readonly trialId: string; readonly reason: string };
  'evaluation.started': { readonly trialId: string };
  'evaluation.claimed': { readonly attempt: number; readonly workerId: string };
  'evaluation.preempted': { readonly attempt: number; readonly reason: string };
  'evaluation.retried': { readonly attempt: number; readonly reason: string };
  'experiment.succeeded': {
    readonly trialId: string;
    readonly testCorrect: number;
    readonly testTotal: number;
  };
  'experiment.failed': { readonly reason: string };
  'experiment.cancelled': Requested & { readonly reason: string };
  'experiment.paused': Requested;
  'experiment.resumed': Requested;
  /** A failed experiment goes on, since a trial of it is tried again, or its winner's evaluation. */
  'experiment.reopened': Requested;
  'checkpoints.pruned': Requested & { readonly checkpoints: number; readonly bytes: number };
}

export type EventType = keyof EventData;

/** An event that no other follows. */
export const finalEventTypes: readonly EventType[] = [
  'experiment.succeeded',
  'experiment.failed',
  'experiment.cancelled',
];
