import { presetNames, stageLimits, strategies } from '@bitkiln/core';
import { z } from 'zod';
import { integer, line, number, object, oneOf, positive } from './fields.ts';

const learningRate = object({
  initial: positive(10).optional(),
  decay: positive(1).optional(),
  minimum: number(0, 10).optional(),
}).describe('Epoch e learns at max(minimum, initial * decay^e)');

const stage = object({
  trials: integer(stageLimits.trials.minimum, stageLimits.trials.maximum).optional(),
  epochs: integer(stageLimits.epochs.minimum, stageLimits.epochs.maximum).optional(),
  batchSize: integer(stageLimits.batchSize.minimum, stageLimits.batchSize.maximum).optional(),
  learningRate: learningRate.optional(),
});

const protocol = object({
  preset: oneOf(presetNames).default('published').describe('Gives every number that is not given here'),
  float: stage.optional(),
  movingScales: stage.optional(),
  frozenScales: stage.optional(),
});

const networkExpected =
  'a text such as "A(2,4) C(5,3x3) M(2) S(10)" or a list of layers such as [["A", 2, 4], ["S", 10, 4, 8, 8]]';

const bytesExpected = 'a multiple of 0.125 from 1 to 16777216';

/** The body of `POST /experiments`. */
export const experimentRequest = object({
  name: line(1, 200).optional().describe('For people; the network where it is left out'),
  dataset: line(1, 200).default('mnist').describe('One of the names that the service knows'),
  augmentation: line(1, 200).default('none').describe('One of the names that the service knows'),
  network: z
    .union([z.string(), z.array(z.array(z.unknown()))], { error: networkExpected })
    .describe('Compact notation, or its list of lists'),
  budgetBytes: z
    .number({ error: bytesExpected })
    .min(1, { error: bytesExpected })
    .max(2 ** 24, { error: bytesExpected })
    .multipleOf(1 / 8, { error: bytesExpected })
    .default(2048)
    .describe('Most bytes of weights and live activations together'),
  strategy: oneOf(strategies).default('herringbone'),
  seed: integer(0, Number.MAX_SAFE_INTEGER).default(1),
  priority: integer(1, 100)
    .default(10)
    .describe('Share of the workers beside other experiments: twice the priority, twice as many trials'),
  protocol: protocol.prefault({}),
}).meta({ id: 'ExperimentRequest' });

export type ExperimentRequest = z.output<typeof experimentRequest>;
