import { stageNames } from '@bitkiln/core';
import { z } from 'zod';
import { accuracy, object, oneOf, time } from './fields.ts';
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
  .object({ ...trial.shape, attemptList: z.array(attempt), checkpoints: z.array(checkpoint) })
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

export const trialsQuery = object({ experiment: id.optional(), ...trialFilters });
export const experimentTrialsQuery = object({
  ...trialFilters,
  sort: oneOf(trialSorts).default('oldest').describe('loss: lowest first; accuracy: highest first'),
});
export const epochsQuery = object(pageQuery);
