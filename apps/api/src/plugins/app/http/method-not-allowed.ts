import type { FastifyInstance, HTTPMethods } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';

const answered: readonly HTTPMethods[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

declare module 'fastify' {
  interface FastifyInstance {
    /** Gives every address known so far a 405 for the methods that it lacks; call it after the last route. */
    refuseOtherMethods(): void;
  }
}

/** Tells a known address asked with the wrong method (405 and Allow) from an unknown address (404). */
export default fp(
  async (app: FastifyInstance) => {
    const methods = new Map<string, Set<string>>();
    app.addHook('onRoute', ({ url, method }) => {
      const known = methods.get(url) ?? new Set();
      for (const name of [method].flat()) known.add(name);
      methods.set(url, known);
    });
    app.decorate('refuseOtherMethods', () => {
      for (const [url, known] of [...methods]) {
        if (url.includes('*')) continue;
        const allow = [...known].toSorted().join(', ');
        const missing = answered.filter((method) => !known.has(method));
        app.route({
          url,
          method: missing,
          config: { role: 'public' },
          schema: { hide: true },
          onRequest: async (request, reply) => {
            reply.header('allow', allow);
            throw methodNotAllowed(request.method, url, allow);
          },
          handler: () => {},
        });
      }
    });
  },
  { name: 'method-not-allowed' },
);

function methodNotAllowed(method: string, url: string, allow: string): Problem {
  return new Problem({
    kind: 'method-not-allowed',
    status: 405,
    title: 'This resource has no such method',
    detail: `${method} is not a method of ${url}, expected one of ${allow}`,
  });
}
