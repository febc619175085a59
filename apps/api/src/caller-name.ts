import type { FastifyRequest } from 'fastify';

/** Who asks, as the audit names them. */
export function callerName({ caller }: FastifyRequest): string {
  return caller?.name ?? 'unknown';
}
