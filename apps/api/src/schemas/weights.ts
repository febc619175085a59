import { z } from 'zod';
import { object, oneOf } from './fields.ts';
import { stageName } from './stage.ts';

const checkpointKinds = ['lowestLoss', 'highestAccuracy', 'latest'] as const;

const histogram = z
  .object({
    op: z.int(),
    layer: z.string().describe('Compact notation'),
    kind: z.enum(['kernel', 'bias']),
    count: z.int(),
    minimum: z.number(),
    maximum: z.number(),
    mean: z.number(),
    deviation: z.number().describe('Of the population'),
    bits: z.int(),
    scale: z.number().nullable().describe('Null in the float stage, which has no quantizers'),
    clipped: z.int().nullable().describe('Weights outside the range of the quantizer'),
    edge: z.number().describe('The bins divide [-edge, edge] evenly'),
    bins: z.array(z.int()),
    levels: z
      .array(z.object({ value: z.number(), count: z.int() }))
      .nullable()
      .describe('What the weights become, lowest first; null in the float stage, and above 8 bits'),
  })
  .meta({ id: 'WeightHistogram' });

const kernels = z
  .object({
    layer: z.string(),
    rows: z.int(),
    cols: z.int(),
    channels: z.int(),
    filters: z.array(z.array(z.number())).describe('Row-major, channels last'),
    quantized: z.array(z.array(z.number())).nullable(),
  })
  .meta({ id: 'Kernels' });

/** What a checkpoint's weights look like. */
export const weights = z
  .object({
    trialId: z.uuid(),
    stage: stageName,
    checkpoint: z.enum(checkpointKinds),
    epochsDone: z.int(),
    histograms: z.array(histogram),
    firstKernels: kernels.nullable().describe('Null where the first weighted layer is too large to be seen'),
  })
  .meta({ id: 'Weights' });

export type Weights = z.output<typeof weights>;
export type WeightHistogram = z.output<typeof histogram>;
export type FirstKernels = z.output<typeof kernels>;
export type CheckpointKind = (typeof checkpointKinds)[number];

export const weightsQuery = object({ checkpoint: oneOf(checkpointKinds).default('lowestLoss') });
