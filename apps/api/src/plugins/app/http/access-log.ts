import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

/** Requests that monitors repeat all day: logged at debug unless they fail. */
const monitored: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** One line a request, after its reply, and the request's id in the reply. */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id);
    });
    app.addHook('onResponse', async (request, reply) => {
      const status = reply.statusCode;
      const ms = Math.round(reply.elapsedTime * 10) / 10;
      const line = `${request.method} ${request.url} ${status} ${ms}ms`;
      if (status >= 500) request.log.error(line);
      else if (monitored.has(request.url)) request.log.debug(line);
      else request.log.info(line);
    });
  },
  { name: 'access-log' },
);
