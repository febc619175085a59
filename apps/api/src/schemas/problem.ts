import { z } from 'zod';

/** RFC 9457 problem details, as every error is answered. */
const problem = z
  .looseObject({
    type: z.string().meta({ example: 'urn:problem-type:bitkiln:invalid-request' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          in: z.enum(['body', 'query', 'path', 'header']),
          field: z.string().meta({ description: 'JSON pointer', example: '/protocol/float/trials' }),
          value: z.unknown().optional(),
          expected: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem' });

/** Error replies of a route, for its documentation. */
export function problems<const Statuses extends readonly number[]>(...statuses: Statuses) {
  const reply = { description: 'Problem', content: { 'application/problem+json': { schema: problem } } };
  return Object.fromEntries(statuses.map((status) => [status, reply])) as Record<
    Statuses[number],
    typeof reply
  >;
}
