import { z } from 'zod';
import { integer, line, number, object, oneOf } from './fields.ts';

const learningRate = object({
  initial: number(1e-8, 10).optional(),
  decay: number(1e-6, 1).optional(),
  minimum: number(0, 10).optional(),
}).describe('Epoch e learns at max(minimum, initial * decay^e)');

const stage = object({
  trials: integer(1, 1000).optional(),
  epochs: integer(1, 10_000).optional(),
  batchSize: integer(1, 65_536).optional(),
  learningRate: learningRate.optional(),
});

const protocol = object({
  preset: oneOf(['published', 'quick']).default('quick').describe('Gives every number that is not given here'),
  float: stage.optional(),
  movingScales: stage.optional(),
  frozenScales: stage.optional(),
});

const networkExpected =
  'a text such as "A(2,4) C(5,3x3) M(2) S(10)" or a list of layers such as [["A", 2, 4], ["S", 10, 4, 8, 8]]';

const bytesExpected = 'a multiple of 0.5 from 1 to 16777216';

/** The body of `POST /experiments`; datasets are the names that the service can train on. */
export function experimentRequest(datasets: readonly [string, ...string[]]) {
  return object({
    name: line(1, 200).optional().describe('For people; the network where it is left out'),
    dataset: oneOf(datasets).default(datasets[0]),
    augmentation: oneOf(['none']).default('none'),
    network: z
      .union([z.string().min(1), z.array(z.array(z.unknown()))], { error: networkExpected })
      .describe('Compact notation, or its list of lists'),
    budgetBytes: z
      .number({ error: bytesExpected })
      .min(1, { error: bytesExpected })
      .max(2 ** 24, { error: bytesExpected })
      .multipleOf(0.5, { error: bytesExpected })
      .default(2048)
      .describe('Most bytes of weights and live activations together'),
    strategy: oneOf(['herringbone', 'transpose', 'normal', 'naive']).default('herringbone'),
    seed: integer(0, Number.MAX_SAFE_INTEGER).default(1),
    protocol: protocol.prefault({}),
  }).meta({ id: 'ExperimentRequest' });
}

export type ExperimentRequest = z.output<ReturnType<typeof experimentRequest>>;
