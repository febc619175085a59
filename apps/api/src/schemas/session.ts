import { tokenRoles } from '@bitkiln/lifecycle';
import { z } from 'zod';
import { object, time } from './fields.ts';

/** Who the caller is to the service. */
export const session = z
  .object({
    tokenRequired: z.boolean().describe('Whether a caller without a token may do nothing'),
    role: z.enum(tokenRoles).nullable().describe('What the caller may do; null for nothing'),
    name: z.string().nullable().describe('The token’s name; `loopback` for a caller who needs none'),
    expiresAt: time.nullable().describe('When the token expires'),
  })
  .meta({ id: 'Session' });

const tokenExpected = 'an API token, bitkiln_ and 66 characters';

export const sessionRequest = object({
  token: z
    .string({ error: tokenExpected })
    .min(1, { error: tokenExpected })
    .max(200, { error: tokenExpected }),
}).meta({ id: 'SessionRequest' });
