import { stageNames, strategies } from '@bitkiln/core';
import { z } from 'zod';
import { bytes } from './fields.ts';
import { stage } from './stage.ts';

const shape = z.object({ rows: z.int(), cols: z.int(), channels: z.int() });
const totals = z.object({ weightBytes: bytes, activationBytes: bytes, totalBytes: bytes });
const perStrategy = Object.fromEntries(strategies.map((name) => [name, totals])) as Record<
  (typeof strategies)[number],
  typeof totals
>;
const settings = stage.shape.settings;
const perStage = Object.fromEntries(stageNames.map((name) => [name, settings])) as Record<
  (typeof stageNames)[number],
  typeof settings
>;

/** What an experiment would be, without starting it. */
export const check = z
  .object({
    network: z.string().describe('Compact notation with bits'),
    dataset: z.object({ name: z.string(), shape, classes: z.int() }),
    layers: z.array(
      z.object({
        text: z.string(),
        input: shape,
        output: shape,
        parameters: z.int().describe('Weights and biases'),
        macs: z.int().describe('Multiply-accumulates an image'),
        weightBytes: bytes,
        liveBytes: bytes.describe('Activations alive while the layer runs, under `strategy`'),
      }),
    ),
    parameters: z.int(),
    macs: z.int(),
    strategy: z.enum(strategies),
    budgetBytes: bytes,
    ...totals.shape,
    strategies: z.object(perStrategy),
    deviceActivationBytes: bytes.describe(
      'What the generated code needs, where the storage model promises too little',
    ),
    fits: z.boolean().describe('Whether weights and `deviceActivationBytes` are within `budgetBytes`'),
    fault: z
      .object({ title: z.string(), detail: z.string() })
      .nullable()
      .describe('Why `POST /experiments` would refuse it; null where it would not'),
    protocol: z.object(perStage),
    estimate: z
      .object({
        seconds: z.number().min(0),
        workers: z.int(),
        samplesPerSecond: z.number().describe('Of all workers online together, on the reference network'),
      })
      .nullable()
      .describe('How long about the workers online would take; null where there are none'),
  })
  .meta({ id: 'Check' });

export type Check = z.output<typeof check>;
