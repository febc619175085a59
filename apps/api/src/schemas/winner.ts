import { z } from 'zod';
import { accuracy, bytes, time } from './fields.ts';
import { stageName } from './stage.ts';

const scoredTrial = z
  .object({
    trialId: z.uuid(),
    index: z.int(),
    validationLoss: z.number(),
    validationAccuracy: accuracy,
    score: z.number().nullable(),
  })
  .meta({ id: 'ScoredTrial' });

/** The rule's inputs and what came of them, so that the choice can be checked. */
const selection = z
  .object({
    rule: z.string(),
    stage: stageName,
    images: z.int().describe('Images behind an accuracy'),
    weight: z.number().nullable().describe('Of the accuracy against the loss'),
    details: z.record(z.string(), z.unknown()),
    scores: z.array(scoredTrial).describe('By place in the stage'),
  })
  .meta({ id: 'Selection' });

const modelFile = z.object({ href: z.string(), sizeBytes: z.int(), sha256: z.string() });

/** An experiment's winner, and why it won. */
export const winner = z
  .object({
    experimentId: z.uuid(),
    trialId: z.uuid(),
    index: z.int(),
    network: z.string(),
    strategy: z.string(),
    budgetBytes: bytes,
    weightBytes: bytes,
    activationBytes: bytes,
    totalBytes: bytes,
    validationLoss: z.number(),
    validationAccuracy: accuracy,
    validationCorrect: z.int(),
    validationTotal: z.int(),
    testAccuracy: accuracy,
    testCorrect: z.int(),
    testTotal: z.int(),
    score: z.number().nullable(),
    runnerUp: scoredTrial.nullable(),
    reason: z.string().describe('Why it won, in a sentence'),
    selection,
    provenance: z.object({
      experimentId: z.uuid(),
      trialId: z.uuid(),
      seeds: z.object({ experiment: z.int(), stage: stageName, trial: z.int() }),
      numericsId: z.string(),
      reproducible: z.boolean(),
      dataHash: z.string(),
      version: z.string(),
    }),
    models: z.object({ json: modelFile, h5: modelFile }),
    createdAt: time,
  })
  .meta({ id: 'Winner' });

export type Winner = z.output<typeof winner>;
