import { type Dataset, type ImageSet, lowerNetwork, type Program, type StageSettings } from '@bitkiln/core';
import type { Trainer } from '@bitkiln/trainer';
import type { DataProgress, Watch } from '../progress.ts';
import { teacherNetwork } from './teacher-network.ts';

/** A teacher at the epoch of its lowest validation loss. */
export interface TrainedTeacher {
  readonly program: Program;
  readonly parameters: Float32Array;
  readonly report: TeacherReport;
}

export interface TeacherReport {
  /** Images it was trained on. */
  readonly trainedOn: number;
  readonly epochs: number;
  /** Counts from 0. */
  readonly bestEpoch: number;
  readonly validationLoss: number;
  /** From 0 to 1. */
  readonly validationAccuracy: number;
}

export interface TeacherOrder {
  readonly dataset: Dataset;
  readonly train: ImageSet;
  readonly settings: StageSettings;
  readonly seed: number;
  /** 0 for the first teacher, 1 for the second: they start from different weights. */
  readonly trialIndex: number;
  readonly phase: DataProgress['phase'];
}

/** Trains a teacher as a float trial; the epoch with the lowest validation loss is kept, the first on a tie. */
export async function trainTeacher(
  trainer: Trainer,
  { dataset, train, settings, seed, trialIndex, phase }: TeacherOrder,
  { onProgress, signal }: Watch,
): Promise<TrainedTeacher> {
  const program = lowerNetwork(teacherNetwork(dataset), dataset.shape);
  const { validation } = dataset;
  const task = {
    ...{ program, settings, train, validation, trialIndex, startParameters: null },
    stage: 'float' as const,
    experimentSeed: seed,
  };
  let best: TrainedTeacher | null = null;
  onProgress?.({ phase, done: 0, total: settings.epochs });
  for await (const result of trainer.train(task, signal === undefined ? {} : { signal })) {
    const { epoch, validationLoss, checkpoint } = result;
    const validationAccuracy = result.validationCorrect / validation.count;
    if (best === null || validationLoss < best.report.validationLoss) {
      const { epochs } = settings;
      const report = { trainedOn: train.count, epochs, bestEpoch: epoch, validationLoss, validationAccuracy };
      best = { program, parameters: checkpoint.parameters, report };
    }
    const note = `${percent(validationAccuracy)} of the validation images, loss ${validationLoss.toFixed(4)}`;
    onProgress?.({ phase, done: epoch + 1, total: settings.epochs, note });
  }
  if (best === null) throw new Error(`the ${phase} had no epoch with a finite validation loss`);
  return best;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
