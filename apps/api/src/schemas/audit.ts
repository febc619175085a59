import { z } from 'zod';
import { object, time } from './fields.ts';
import { id } from './id.ts';
import { pageQuery } from './page.ts';

/** Who changed what by request. */
export const auditEntry = z
  .object({
    id: z.int(),
    at: time,
    actor: z.string().describe('Name of the token; `loopback` for a caller on this host who needs none'),
    action: z.string(),
    experimentId: z.uuid().nullable().describe('It may have been deleted since'),
    trialId: z.uuid().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });

export type AuditEntry = z.output<typeof auditEntry>;

export const auditQuery = object({ experiment: id.optional(), ...pageQuery });
