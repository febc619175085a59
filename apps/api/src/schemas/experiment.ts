import { z } from 'zod';
import { accuracy, bytes, line, object, oneOf, time } from './fields.ts';
import { pageQuery } from './page.ts';
import { stage } from './stage.ts';

export const experimentStates = [
  'queued',
  'running',
  'evaluating',
  'succeeded',
  'failed',
  'cancelled',
] as const;

/** What a listing says of an experiment's winner. */
const winnerBrief = z
  .object({
    trialId: z.uuid(),
    validationLoss: z.number(),
    validationAccuracy: accuracy,
    testAccuracy: accuracy,
    score: z.number().nullable(),
    totalBytes: bytes,
  })
  .meta({ id: 'WinnerBrief' });

/** An experiment as listings show it. */
export const experimentBrief = z
  .object({
    id: z.uuid(),
    name: z.string(),
    state: z.enum(experimentStates),
    dataset: z.string(),
    augmentation: z.string(),
    network: z.string().describe('Compact notation with bits'),
    strategy: z.string(),
    budgetBytes: bytes,
    weightBytes: bytes,
    activationBytes: bytes,
    totalBytes: bytes,
    seed: z.int(),
    priority: z.int().min(1).max(100),
    progress: z.number().min(0).max(1),
    secondsLeft: z.number().min(0).nullable().describe('Null while there is nothing to tell it from'),
    pausedAt: time.nullable().describe('While it is set, none of its trials is given out'),
    failureReason: z.string().nullable(),
    winner: winnerBrief.nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'ExperimentBrief' });

/** An experiment with its stages. */
export const experiment = z
  .object({
    ...experimentBrief.shape,
    dataHash: z.string().nullable(),
    lastEventId: z.int().describe('Follow /events?after= from here to miss nothing'),
    stages: z.array(stage),
  })
  .meta({ id: 'Experiment' });

export type ExperimentBrief = z.output<typeof experimentBrief>;
export type Experiment = z.output<typeof experiment>;

export const experimentsQuery = object({
  state: oneOf(experimentStates).optional(),
  paused: oneOf(['yes', 'no']).optional().describe('Only those that are paused, or that are not'),
  search: line(1, 200).optional().describe('Text in the name or the network'),
  ...pageQuery,
});

const spread = z
  .object({
    minimum: z.number(),
    lowerQuartile: z.number(),
    median: z.number(),
    upperQuartile: z.number(),
    maximum: z.number(),
    mean: z.number(),
    standardDeviation: z.number().describe('Of the population'),
  })
  .meta({ id: 'Spread' });

/** How a stage's finished trials spread. */
export const summary = z
  .object({
    experimentId: z.uuid(),
    stages: z.array(
      z.object({
        stage: z.string(),
        trials: z.int().describe('Trials that succeeded: the spreads are over them'),
        loss: spread.nullable().describe('Lowest validation loss of each trial'),
        accuracy: spread.nullable().describe('Validation accuracy in the epoch of that loss'),
        bestAccuracy: spread.nullable().describe('Highest validation accuracy of each trial'),
      }),
    ),
  })
  .meta({ id: 'Summary' });

export type Summary = z.output<typeof summary>;
export type Spread = z.output<typeof spread>;
