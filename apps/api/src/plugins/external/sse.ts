import { fastifySSE } from '@fastify/sse';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

export interface SseOptions {
  /** Milliseconds between the comments that keep an idle stream open. */
  readonly heartbeatMs?: number;
}

/** Server-sent events on routes that ask for them; heartbeats are shorter than the idle limit of usual proxies. */
export default fp(
  async (app: FastifyInstance, { heartbeatMs = 15_000 }: SseOptions) => {
    await app.register(fp(fastifySSE), { heartbeatInterval: heartbeatMs });
  },
  { name: 'sse' },
);
