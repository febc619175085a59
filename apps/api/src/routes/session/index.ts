import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Caller } from '../../plugins/app/access/access.ts';
import { clearSessionCookie, setSessionCookie } from '../../plugins/app/access/session-cookie.ts';
import { tokenInvalid } from '../../problems/access.ts';
import { Problem } from '../../problems/problem.ts';
import { object } from '../../schemas/fields.ts';
import { problems } from '../../schemas/problem.ts';
import { session, sessionRequest } from '../../schemas/session.ts';

const config = { role: 'public' } as const;
const tags = ['service'];

/** A page signs in here: a browser's event streams can't send a header, but they send a cookie. */
export const sessionRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/session',
    {
      config,
      schema: {
        tags,
        summary: 'Who the caller is, and what it may do',
        querystring: object({}),
        response: { 200: session, ...problems(400, 429) },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const caller = await app.access.identify(request, reply).catch(nobody);
      reply.removeHeader('www-authenticate');
      return describe(caller);
    },
  );

  app.post(
    '/session',
    {
      config,
      schema: {
        tags,
        summary: 'Sign a page in with an API token',
        description:
          'Keeps the token in a cookie that scripts can not read and other sites’ pages do not send.',
        body: sessionRequest,
        response: { 200: session, ...problems(400, 401, 403, 413, 415, 429) },
      },
    },
    async (request, reply) => {
      const { token } = request.body;
      const holder = await app.access.verify(request, reply, token);
      if (holder === null) {
        reply.header('www-authenticate', 'Bearer realm="bitkiln", error="invalid_token"');
        throw tokenInvalid();
      }
      setSessionCookie(request, reply, token, holder.expiresAt);
      reply.header('cache-control', 'no-store');
      return describe({ ...holder, tokenId: holder.id });
    },
  );

  app.delete(
    '/session',
    {
      config,
      schema: {
        tags,
        summary: 'Sign a page out',
        querystring: object({}),
        response: { 204: z.undefined().describe('The cookie is gone'), ...problems(400, 403, 429) },
      },
    },
    async (request, reply) => {
      clearSessionCookie(request, reply);
      return reply.code(204).send();
    },
  );

  function describe(caller: Caller | null) {
    return {
      tokenRequired: app.access.tokenRequired,
      role: caller?.role ?? null,
      name: caller?.name ?? null,
      expiresAt: caller?.expiresAt?.toISOString() ?? null,
    };
  }
};

/** No valid token makes the caller nobody; anything else that goes wrong goes on. */
function nobody(error: unknown): null {
  if (error instanceof Problem && error.statusCode === 401) return null;
  throw error;
}
