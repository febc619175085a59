import { z } from 'zod';
import { accuracy } from './fields.ts';
import { stageName } from './stage.ts';

/** How a stage's trial was chosen, with the rule's inputs. */
export const stageSelection = z
  .object({
    stage: stageName,
    rule: z.string(),
    chosenTrialId: z.uuid(),
    runnerUpTrialId: z.uuid().nullable(),
    images: z.int().describe('Images behind an accuracy'),
    weight: z.number().nullable().describe('Of the accuracy against the loss; null for the greedy rule'),
    details: z.record(z.string(), z.unknown()),
    scores: z
      .array(
        z.object({
          trialId: z.uuid(),
          index: z.int(),
          validationLoss: z.number().describe('Of the lowest-loss checkpoint'),
          validationAccuracy: accuracy.describe('Of the lowest-loss checkpoint'),
          bestAccuracy: accuracy.describe('Of any epoch: what the greedy rule goes by'),
          score: z.number().nullable(),
        }),
      )
      .describe('By place in the stage'),
  })
  .meta({ id: 'StageSelection' });

/** The choices made so far, in the order of the stages. */
export const selections = z.object({ experimentId: z.uuid(), selections: z.array(stageSelection) });

export type StageSelection = z.output<typeof stageSelection>;
