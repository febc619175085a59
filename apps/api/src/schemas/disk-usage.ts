import { z } from 'zod';

const rows = z.object({ count: z.int(), bytes: z.number() });

/** Stored values, without indexes and page headers. */
export const diskUsage = z
  .object({
    experimentId: z.uuid(),
    checkpoints: z.array(rows.extend({ kind: z.enum(['lowestLoss', 'highestAccuracy', 'latest']) })),
    modelBytes: z.number().describe('model.json and model.h5'),
    epochs: rows,
    events: rows,
    totalBytes: z.number(),
  })
  .meta({ id: 'DiskUsage' });
