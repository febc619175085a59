import type { StageState } from '@bitkiln/lifecycle';

/** What the remaining time of a stage is told from. */
export interface StageWork {
  readonly state: StageState;
  readonly trialCount: number;
  readonly epochs: number;
  readonly succeededTrials: number;
  readonly failedTrials: number;
  readonly invalidTrials: number;
  readonly epochsDone: number;
  /** Milliseconds of training behind `epochsDone`, summed over trials. */
  readonly trainedMs: number;
}

/** The share of a stage that is done, 0 to 1; a stage that is over counts whole, whatever its failed trials left. */
export function stageProgress(stage: StageWork): number {
  if (stage.state === 'succeeded') return 1;
  return Math.min(1, stage.epochsDone / (stage.trialCount * stage.epochs));
}

/** The share of all epochs that is done, 0 to 1. */
export function overallProgress(stages: readonly StageWork[]): number {
  let done = 0;
  let total = 0;
  for (const stage of stages) {
    const epochs = stage.trialCount * stage.epochs;
    done += stageProgress(stage) * epochs;
    total += epochs;
  }
  return total === 0 ? 0 : done / total;
}

/**
 * Seconds until the last stage ends when `slots` trials train at once, from the mean time of an epoch so far; a
 * stage that has not begun takes the mean of the one before. Null before the first epoch, or with no slot.
 */
export function secondsLeft(stages: readonly StageWork[], slots: number): number | null {
  if (slots === 0) return null;
  let epochMs: number | null = null;
  let ms = 0;
  for (const stage of stages) {
    if (stage.epochsDone > 0) epochMs = stage.trainedMs / stage.epochsDone;
    if (stage.state !== 'running' && stage.state !== 'waiting') continue;
    if (epochMs === null) return null;
    ms += epochMs * stageSpan(stage, slots);
  }
  return Math.round(ms / 100) / 10;
}

/** Epochs that a stage still takes one after another. */
function stageSpan(stage: StageWork, slots: number): number {
  const openTrials = stage.trialCount - stage.succeededTrials - stage.failedTrials - stage.invalidTrials;
  if (stage.epochsDone === 0) return Math.ceil(openTrials / slots) * stage.epochs;
  const openEpochs = Math.min(openTrials * stage.epochs, stage.trialCount * stage.epochs - stage.epochsDone);
  return openTrials === 0 ? 0 : openEpochs / Math.min(slots, openTrials);
}
