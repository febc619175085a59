import { stageNames } from '@bitkiln/core';
import { z } from 'zod';
import { accuracy, line, object, oneOf, time } from './fields.ts';
import { id } from './id.ts';
import { pageQuery } from './page.ts';
import { stageName, trialStates } from './stage.ts';

const epochMark = z
  .object({ epoch: z.int(), validationLoss: z.number(), validationAccuracy: accuracy })
  .meta({ id: 'EpochMark' });

/** A trial as listings show it. */
export const trial = z
  .object({
    id: z.uuid(),
    experimentId: z.uuid(),
    stage: stageName,
    index: z.int().describe('Place in its stage, from 0'),
    state: z.enum(trialStates),
    seeds: z
      .object({ experiment: z.int(), stage: stageName, trial: z.int() })
      .describe('What every random draw of the trial derives from'),
    numericsId: z
      .string()
      .nullable()
      .describe('What decides its bytes besides its seeds; taken at its first claim'),
    trainer: z.string().nullable(),
    reproducible: z.boolean().nullable(),
    attempts: z.int(),
    failures: z.int(),
    preemptions: z.int(),
    epochsDone: z.int(),
    epochsTotal: z.int(),
    lowestLoss: epochMark.nullable(),
    highestAccuracy: epochMark.nullable(),
    score: z.number().nullable().describe('In the selection of the last stage'),
    secondsTrained: z.number(),
    samplesPerSecond: z
      .number()
      .nullable()
      .describe('Training images a second, as the worker that ran it last measured at its start'),
    waiting: z
      .object({
        for: z.enum(['worker', 'resume']).describe('`resume`: its experiment is paused'),
        workers: z
          .int()
          .describe('Workers online that may take it: all, or those of its numerics id once it has begun'),
      })
      .nullable()
      .describe('What a queued or preempted trial waits for; with no worker left it can be restarted'),
    repeat: z
      .object({
        of: z.uuid(),
        equal: z
          .boolean()
          .nullable()
          .describe('Whether it came to the same bytes; null until it has finished'),
        difference: z.string().nullable().describe('Where it first differed'),
      })
      .nullable()
      .describe('Set where the trial repeats another from the same seeds'),
    invalid: z
      .object({ at: time, reason: z.string() })
      .nullable()
      .describe('Set where it was declared invalid: no pick looks at it'),
    failureReason: z.string().nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Trial' });

const attempt = z
  .object({
    number: z.int(),
    state: z.enum(['running', 'succeeded', 'failed', 'preempted', 'cancelled']),
    worker: z.object({
      id: z.uuid(),
      host: z.string(),
      device: z.string(),
      samplesPerSecond: z.number().nullable(),
    }),
    startEpoch: z.int(),
    epochsDone: z.int(),
    reason: z.string().nullable(),
    startedAt: time,
    endedAt: time.nullable(),
  })
  .meta({ id: 'Attempt' });

const checkpoint = z
  .object({
    kind: z.enum(['lowestLoss', 'highestAccuracy', 'latest']),
    epochsDone: z.int(),
    steps: z.int(),
    sizeBytes: z.int(),
    sha256: z.string(),
    savedAt: time,
  })
  .meta({ id: 'Checkpoint' });

/** A trial with its attempts and what is kept of it. */
export const trialDetail = z
  .object({
    ...trial.shape,
    attemptList: z.array(attempt),
    checkpoints: z.array(checkpoint),
    repeats: z.array(z.uuid()).describe('Trials that repeat it, oldest first'),
  })
  .meta({ id: 'TrialDetail' });

export const epoch = z
  .object({
    epoch: z.int(),
    attempt: z.int(),
    learningRate: z.number(),
    trainLoss: z.number(),
    validationLoss: z.number(),
    validationAccuracy: accuracy,
    durationMs: z.number(),
    recordedAt: time,
  })
  .meta({ id: 'Epoch' });

export type Trial = z.output<typeof trial>;
export type TrialDetail = z.output<typeof trialDetail>;
export type Epoch = z.output<typeof epoch>;

const trialSorts = ['newest', 'oldest', 'loss', 'accuracy'] as const;
export type TrialSort = (typeof trialSorts)[number];

const trialFilters = {
  stage: oneOf(stageNames).optional(),
  state: oneOf(trialStates).optional(),
  sort: oneOf(trialSorts).default('newest').describe('loss: lowest first; accuracy: highest first'),
  ...pageQuery,
};

export const trialsQuery = object({
  experiment: id.optional(),
  repeatOf: id.optional().describe('The repeats of this trial; where left out, no repeats at all'),
  ...trialFilters,
});

/** The body of `POST /trials/:id/invalidate`. */
export const invalidation = object({ reason: line(1, 1000).describe('Kept with the trial') });
export const experimentTrialsQuery = object({
  ...trialFilters,
  sort: oneOf(trialSorts).default('oldest').describe('loss: lowest first; accuracy: highest first'),
});
export const epochsQuery = object(pageQuery);
