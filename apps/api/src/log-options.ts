import { hideSecrets } from '@bitkiln/lifecycle';
import type { FastifyServerOptions } from 'fastify';

/** How the service logs: every line is rid of secrets before it is written. */
export function logOptions(level: string): Exclude<FastifyServerOptions['logger'], boolean | undefined> {
  return { level, hooks: { streamWrite: hideSecrets } };
}
