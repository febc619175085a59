import { z } from 'zod';
import { object } from './fields.ts';

const dataset = z
  .object({
    name: z.string(),
    sha256: z.string().describe('Of the packed form; its address is /datasets/{sha256}'),
    shape: z.object({ rows: z.int(), cols: z.int(), channels: z.int() }),
    classes: z.int(),
    counts: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
    bytes: z.int().describe('Length of the packed form'),
  })
  .meta({ id: 'Dataset' });

export const datasetList = z.object({
  items: z.array(dataset),
  faulty: z
    .array(z.object({ name: z.string(), fault: z.string() }))
    .describe('Sets that can not be used, and why'),
});

const sha256Expected = 'a SHA-256 of 64 hexadecimal digits in lower case';

export const sha256Params = object({
  sha256: z.string({ error: sha256Expected }).regex(/^[0-9a-f]{64}$/, { error: sha256Expected }),
});
