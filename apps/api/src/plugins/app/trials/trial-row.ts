import type { Prisma } from '@bitkiln/lifecycle';
import type { Epoch, Trial, TrialDetail } from '../../../schemas/trial.ts';

export const trialInclude = {
  experiment: { select: { seed: true, pausedAt: true } },
  stage: { select: { epochs: true } },
  attempts: {
    orderBy: { number: 'desc' },
    take: 1,
    select: { worker: { select: { samplesPerSecond: true } } },
  },
} satisfies Prisma.TrialInclude;

export const trialDetailInclude = {
  ...trialInclude,
  attempts: {
    orderBy: { number: 'desc' },
    include: { worker: { select: { id: true, host: true, device: true, samplesPerSecond: true } } },
  },
  repeats: { orderBy: { id: 'asc' }, select: { id: true } },
} satisfies Prisma.TrialInclude;

export type TrialRow = Prisma.TrialGetPayload<{ include: typeof trialInclude }>;
export type TrialDetailRow = Prisma.TrialGetPayload<{ include: typeof trialDetailInclude }>;

export interface CheckpointRow {
  readonly kind: TrialDetail['checkpoints'][number]['kind'];
  readonly epochs_done: number;
  readonly steps: number;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly saved_at: Date;
}

/** How many workers online have a numerics id; with null, how many there are. */
export type WorkersOnline = (numericsId: string | null) => number;

/** A trial as it is replied; its attempts are there newest first. */
export function toTrial(row: TrialRow, online: WorkersOnline): Trial {
  return {
    id: row.id,
    experimentId: row.experimentId,
    stage: row.stageName,
    index: row.index,
    state: row.state,
    seeds: { experiment: Number(row.experiment.seed), stage: row.stageName, trial: row.index },
    numericsId: row.numericsId,
    trainer: row.numericsId === null ? null : trainerOf(row.numericsId),
    reproducible: row.reproducible,
    attempts: row.attempt,
    failures: row.failures,
    preemptions: row.preemptions,
    epochsDone: row.epochsDone,
    epochsTotal: row.stage.epochs,
    lowestLoss: epochMark(row.bestLossEpoch, row.bestLoss, row.bestLossCorrect, row.validationTotal),
    highestAccuracy: epochMark(
      row.bestCorrectEpoch,
      row.bestCorrectLoss,
      row.bestCorrect,
      row.validationTotal,
    ),
    score: row.score,
    secondsTrained: row.trainedMs / 1000,
    samplesPerSecond: row.attempts[0]?.worker.samplesPerSecond ?? null,
    waiting: waitingOf(row, online),
    repeat:
      row.repeatOf === null
        ? null
        : { of: row.repeatOf, equal: row.repeatEqual, difference: row.repeatDifference },
    invalid:
      row.invalidatedAt === null
        ? null
        : { at: row.invalidatedAt.toISOString(), reason: row.invalidReason ?? '' },
    failureReason: row.failureReason,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

function waitingOf(row: TrialRow, online: WorkersOnline): Trial['waiting'] {
  if (row.state !== 'queued' && row.state !== 'preempted') return null;
  return {
    for: row.experiment.pausedAt === null ? 'worker' : 'resume',
    workers: online(row.numericsId),
  };
}

/** The trainer's name stands before the first slash of a numerics id. */
export function trainerOf(numericsId: string): string {
  return numericsId.split('/')[0]!;
}

function epochMark(
  epoch: number | null,
  loss: number | null,
  correct: number | null,
  total: number | null,
): Trial['lowestLoss'] {
  if (epoch === null || loss === null || correct === null || total === null) return null;
  return { epoch, validationLoss: loss, validationAccuracy: correct / total };
}

export function toTrialDetail(
  row: TrialDetailRow,
  checkpoints: readonly CheckpointRow[],
  online: WorkersOnline,
): TrialDetail {
  return {
    ...toTrial(row, online),
    repeats: row.repeats.map(({ id }) => id),
    attemptList: row.attempts.toReversed().map((attempt) => ({
      number: attempt.number,
      state: attempt.state,
      worker: attempt.worker,
      startEpoch: attempt.startEpoch,
      epochsDone: attempt.epochsDone,
      reason: attempt.reason,
      startedAt: attempt.startedAt.toISOString(),
      endedAt: attempt.endedAt?.toISOString() ?? null,
    })),
    checkpoints: checkpoints.map((checkpoint) => ({
      kind: checkpoint.kind,
      epochsDone: checkpoint.epochs_done,
      steps: checkpoint.steps,
      sizeBytes: checkpoint.size_bytes,
      sha256: checkpoint.sha256,
      savedAt: checkpoint.saved_at.toISOString(),
    })),
  };
}

export function toEpoch(row: Prisma.EpochModel): Epoch {
  return {
    epoch: row.epoch,
    attempt: row.attempt,
    learningRate: row.learningRate,
    trainLoss: row.trainLoss,
    validationLoss: row.validationLoss,
    validationAccuracy: row.validationCorrect / row.validationTotal,
    durationMs: row.durationMs,
    recordedAt: row.recordedAt.toISOString(),
  };
}
