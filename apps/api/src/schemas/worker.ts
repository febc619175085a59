import { z } from 'zod';
import { object, oneOf, time } from './fields.ts';
import { pageQuery } from './page.ts';

const workerStates = ['online', 'draining', 'retired', 'lost'] as const;

export const worker = z
  .object({
    id: z.uuid(),
    host: z.string(),
    pid: z.int(),
    device: z.string(),
    state: z.enum(workerStates),
    numericsId: z.string(),
    trainer: z.string(),
    version: z.string(),
    samplesPerSecond: z.number().nullable().describe('Measured at its start'),
    currentTrialId: z.uuid().nullable(),
    startedAt: time,
    heartbeatAt: time,
    retiredAt: time.nullable(),
  })
  .meta({ id: 'Worker' });

export type Worker = z.output<typeof worker>;

export const workersQuery = object({ state: oneOf(workerStates).optional(), ...pageQuery });
