import { stageNames } from '@bitkiln/core';
import { z } from 'zod';
import { accuracy, object, oneOf, queryInteger } from './fields.ts';
import { stageName } from './stage.ts';
import { trial } from './trial.ts';

/** A trial with its epochs in columns, thinned: its first, best and last are always among them. */
const curve = z
  .object({
    ...trial.pick({
      id: true,
      index: true,
      state: true,
      attempts: true,
      epochsDone: true,
      lowestLoss: true,
      highestAccuracy: true,
      score: true,
    }).shape,
    invalid: z.boolean().describe('Whether it was declared invalid: no pick looks at it'),
    epochs: z.array(z.int()),
    losses: z.array(z.number()).describe('Validation loss of each of `epochs`'),
    accuracies: z.array(accuracy).describe('Validation accuracy of each of `epochs`'),
  })
  .meta({ id: 'Curve' });

/** The learning curves of a stage's trials. */
export const curves = z
  .object({
    experimentId: z.uuid(),
    stage: stageName,
    step: z.int().describe('Every step-th epoch is here'),
    lastEventId: z.int().describe('Follow /events?after= from here to miss no epoch'),
    trials: z.array(curve).describe('By place in the stage'),
    repeats: z.int().describe('Trials that repeat one of these; their curves are left out'),
  })
  .meta({ id: 'Curves' });

export type Curves = z.output<typeof curves>;

export const curvesQuery = object({
  stage: oneOf(stageNames),
  points: queryInteger(100, 200_000).default(40_000).describe('About how many epochs to return at most'),
});
