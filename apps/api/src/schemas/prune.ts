import { z } from 'zod';
import { integer, number, object, oneOf, time } from './fields.ts';

/** The body of `POST /prune`. */
export const pruneRequest = object({
  what: oneOf(['checkpoints', 'experiments'])
    .default('checkpoints')
    .describe('checkpoints: all but the picked lowest-loss ones; experiments: whole experiments'),
  olderThanDays: number(0, 36_500).default(30).describe('Only what has been over for longer'),
  keep: integer(0, 1_000_000).default(0).describe('The newest experiments, by their end, that stay'),
  dryRun: z.boolean({ error: 'true or false' }).default(false).describe('Tell what would go, and leave it'),
}).meta({ id: 'PruneRequest' });

/** What went, or would go. */
export const pruneReport = z
  .object({
    dryRun: z.boolean(),
    complete: z.boolean().describe('False where there is more to prune: ask again'),
    experiments: z.array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        finishedAt: time,
        checkpoints: z.int(),
        bytes: z.number(),
      }),
    ),
    bytes: z.number().describe('Of all of them'),
  })
  .meta({ id: 'PruneReport' });
