import type { StageName } from '@bitkiln/core';

interface TrialFields {
  readonly trialId: string;
  readonly stage: StageName;
  readonly index: number;
}

/** The data of every event type; the names are the `type` column and the server-sent event's `event` field. */
export interface EventData {
  'experiment.submitted': { readonly name: string };
  'stage.started': { readonly stage: StageName; readonly trials: number; readonly epochs: number };
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
  'stage.succeeded': { readonly stage: StageName; readonly succeeded: number; readonly failed: number };
  'stage.failed': { readonly stage: StageName; readonly reason: string };
  'selection.made': TrialFields & {
    readonly rule: 'greedy' | 'z-score';
    readonly weight: number | null;
    readonly score: number | null;
    readonly runnerUpTrialId: string | null;
  };
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
  'experiment.cancelled': { readonly reason: string };
}

export type EventType = keyof EventData;

/** An event that no other follows. */
export const finalEventTypes: readonly EventType[] = [
  'experiment.succeeded',
  'experiment.failed',
  'experiment.cancelled',
];
