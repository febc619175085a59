import { stageNames } from '@bitkiln/core';
import { z } from 'zod';
import { time } from './fields.ts';

export const stageName = z.enum(stageNames);

export const trialStates = ['queued', 'running', 'preempted', 'succeeded', 'failed', 'cancelled'] as const;

/** One stage of an experiment, with its trials counted by state. */
export const stage = z
  .object({
    name: stageName,
    state: z.enum(['waiting', 'running', 'succeeded', 'failed', 'cancelled']),
    settings: z.object({
      trials: z.int(),
      epochs: z.int(),
      batchSize: z.int(),
      learningRate: z.object({ initial: z.number(), decay: z.number(), minimum: z.number() }),
    }),
    trials: z.object({
      queued: z.int(),
      running: z.int(),
      preempted: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      cancelled: z.int(),
    }),
    invalidTrials: z.int().describe('Trials declared invalid, whatever their state: no pick looks at them'),
    epochsDone: z.int(),
    epochsTotal: z.int(),
    progress: z.number().min(0).max(1),
    pickedTrialId: z.uuid().nullable().describe('The trial that goes on; in the last stage the winner'),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Stage' });

export type Stage = z.output<typeof stage>;
