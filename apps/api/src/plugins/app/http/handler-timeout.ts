import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

export interface HandlerTimeoutOptions {
  readonly handlerTimeoutMs?: number;
}

/** Answers 503 where a reply takes too long; event streams, which last as long as an experiment, are exempt. */
export default fp(
  async (app: FastifyInstance, { handlerTimeoutMs = 30_000 }: HandlerTimeoutOptions) => {
    app.addHook('onRoute', (route) => {
      if (route.sse === undefined) route.handlerTimeout ??= handlerTimeoutMs;
    });
  },
  { name: 'handler-timeout' },
);
