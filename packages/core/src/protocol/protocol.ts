/** The three stages in order. */
export const stageNames = ['float', 'movingScales', 'frozenScales'] as const;
export type StageName = (typeof stageNames)[number];

/** Learning rate in epoch e: max(minimum, initial * decay^e). */
export interface LearningRate {
  readonly initial: number;
  readonly decay: number;
  readonly minimum: number;
}

export interface StageSettings {
  readonly trials: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: LearningRate;
}

export type Protocol = Readonly<Record<StageName, StageSettings>>;
