import type { Curve, Curves, TrialState } from '../../api/types.ts';

/** The fields of trial.* events that curves need. */
export interface TrialEvent {
  readonly trialId: string;
  readonly attempt?: number;
  readonly epoch?: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly lowestLoss?: boolean;
  readonly highestAccuracy?: boolean;
}

const states: Readonly<Record<string, TrialState>> = {
  'trial.claimed': 'running',
  'trial.epoch': 'running',
  'trial.preempted': 'preempted',
  'trial.retried': 'queued',
  'trial.failed': 'failed',
  'trial.succeeded': 'succeeded',
};

/** Lets a stage's curves follow an event. An event that they know already changes nothing. */
export function applyToCurves(curves: Curves, type: string, event: TrialEvent): void {
  const trial = curves.trials.find(({ id }) => id === event.trialId);
  if (trial === undefined) return;
  if (type === 'trial.epoch') {
    if (!addEpoch(trial, event, curves.step)) return;
  } else if (isOver(trial.state) || (event.attempt ?? 0) < trial.attempts) {
    return;
  }
  trial.state = states[type] ?? trial.state;
  trial.attempts = Math.max(trial.attempts, event.attempt ?? 0);
}

function isOver(state: TrialState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

function addEpoch(trial: Curve, event: TrialEvent, step: number): boolean {
  const { epoch, validationLoss, validationAccuracy } = event;
  if (epoch === undefined || validationLoss === undefined || validationAccuracy === undefined) return false;
  if (epoch < trial.epochsDone) return false;
  const mark = { epoch, validationLoss, validationAccuracy };
  const last = trial.epochs.at(-1);
  // The newest epoch is always there; it makes room for the next where it is not one that is kept.
  const kept =
    last === undefined ||
    last % step === 0 ||
    last === trial.lowestLoss?.epoch ||
    last === trial.highestAccuracy?.epoch;
  if (!kept) for (const column of [trial.epochs, trial.losses, trial.accuracies]) column.pop();
  trial.epochs.push(epoch);
  trial.losses.push(validationLoss);
  trial.accuracies.push(validationAccuracy);
  trial.epochsDone = epoch + 1;
  if (event.lowestLoss) trial.lowestLoss = mark;
  if (event.highestAccuracy) trial.highestAccuracy = mark;
  return true;
}
