import type { Prisma } from '@bitkiln/lifecycle';
import type { ExperimentBrief } from '../../../schemas/experiment.ts';
import type { Stage } from '../../../schemas/stage.ts';
import { overallProgress, secondsLeft, stageProgress } from './time-left.ts';

/** What a reply about an experiment is made of; the model's files stay in the database. */
export const experimentInclude = {
  stages: { orderBy: { position: 'asc' } },
  model: {
    select: {
      trialId: true,
      testCorrect: true,
      testTotal: true,
      trial: { select: { bestLoss: true, bestLossCorrect: true, validationTotal: true, score: true } },
    },
  },
} satisfies Prisma.ExperimentInclude;

export type ExperimentRow = Prisma.ExperimentGetPayload<{ include: typeof experimentInclude }>;
type StageRow = ExperimentRow['stages'][number];
export type TrialCounts = Stage['trials'];

/** An experiment as it is replied; `slots` is how many of its trials train at once. */
export function toExperimentBrief(row: ExperimentRow, slots: number): ExperimentBrief {
  const over = row.finishedAt !== null;
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    dataset: row.dataset,
    augmentation: row.augmentation,
    network: row.network,
    strategy: row.strategy,
    budgetBytes: row.budgetBytes,
    weightBytes: row.weightBytes,
    activationBytes: row.activationBytes,
    totalBytes: row.weightBytes + row.activationBytes,
    seed: Number(row.seed),
    priority: row.priority,
    progress: row.state === 'succeeded' ? 1 : overallProgress(row.stages),
    secondsLeft: over ? 0 : row.pausedAt === null ? secondsLeft(row.stages, slots) : null,
    pausedAt: row.pausedAt?.toISOString() ?? null,
    failureReason: row.failureReason,
    winner: toWinnerBrief(row),
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

function toWinnerBrief({ model, weightBytes, activationBytes }: ExperimentRow): ExperimentBrief['winner'] {
  if (model === null) return null;
  const { bestLoss, bestLossCorrect, validationTotal, score } = model.trial;
  if (bestLoss === null || bestLossCorrect === null || validationTotal === null) return null;
  return {
    trialId: model.trialId,
    validationLoss: bestLoss,
    validationAccuracy: bestLossCorrect / validationTotal,
    testAccuracy: model.testCorrect / model.testTotal,
    score,
    totalBytes: weightBytes + activationBytes,
  };
}

export function toStage(row: StageRow, trials: TrialCounts): Stage {
  return {
    name: row.name,
    state: row.state,
    settings: {
      trials: row.trialCount,
      epochs: row.epochs,
      batchSize: row.batchSize,
      learningRate: {
        initial: row.learningRateInitial,
        decay: row.learningRateDecay,
        minimum: row.learningRateMinimum,
      },
    },
    trials,
    invalidTrials: row.invalidTrials,
    epochsDone: row.epochsDone,
    epochsTotal: row.trialCount * row.epochs,
    progress: stageProgress(row),
    pickedTrialId: row.pickedTrialId,
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}
