import { z } from 'zod';

/** What the winner makes of every test image. */
export const testRun = z
  .object({
    experimentId: z.uuid(),
    shape: z.object({ rows: z.int(), cols: z.int(), channels: z.int() }),
    classes: z.int(),
    total: z.int(),
    correct: z.int(),
    confusion: z.array(z.array(z.int())).describe('By true class, then by the class that the winner told'),
    mistakes: z
      .array(
        z.object({
          index: z.int().describe('Place in the test set, from 0'),
          label: z.int(),
          told: z.int(),
          margin: z.number().describe('How far the class told lies above the true one, in logits'),
          pixels: z.string().describe('Base64 of the 8-bit pixels, row-major, channels last'),
        }),
      )
      .describe('The surest mistakes first: at most 20 of each kind, and 2000 in all'),
  })
  .meta({ id: 'TestRun' });

export type TestRun = z.output<typeof testRun>;
