import { mayActAs, type TokenHolder, type TokenRole, verifyToken } from '@bitkiln/lifecycle';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { roleTooLow, tokenInvalid, tokenMissing } from '../../../problems/access.ts';
import { answerOnlyLoopbackHosts } from './loopback-host.ts';
import { presentedToken } from './presented-token.ts';
import { type RouteRole, undeclaredRole } from './route-role.ts';
import { clearSessionCookie } from './session-cookie.ts';
import { endWithToken } from './watch-stream.ts';

/** Who makes a request. */
export interface Caller {
  /** The token's name; `loopback` for a caller on the service's own host who needs none. */
  readonly name: string;
  readonly role: TokenRole;
  readonly tokenId: string | null;
  readonly expiresAt: Date | null;
}

export interface Access {
  readonly tokenRequired: boolean;
  /** Every route, in the order of their making; null for a role that is not stated. */
  routes(): readonly { readonly method: string; readonly url: string; readonly role: RouteRole | null }[];
  /** The holder of a token, or null where it is not valid. @throws Problem 429 after too many wrong ones */
  verify(request: FastifyRequest, reply: FastifyReply, token: string): Promise<TokenHolder | null>;
  /** @throws Problem 401 where the token is missing or not valid */
  identify(request: FastifyRequest, reply: FastifyReply): Promise<Caller>;
}

declare module 'fastify' {
  interface FastifyInstance {
    access: Access;
  }
  interface FastifyRequest {
    /** Null on public routes, which do not ask. */
    caller: Caller | null;
  }
}

export interface AccessOptions {
  /** Whether every caller needs a token; else one without may do everything, as fits a service on loopback. */
  readonly requireToken?: boolean;
  /** Milliseconds between looks at the token of an event stream. */
  readonly streamCheckMs?: number;
}

const loopbackCaller: Caller = { name: 'loopback', role: 'admin', tokenId: null, expiresAt: null };

/**
 * Lets a request reach its route only where its caller has the role that the route states. It stands before every
 * route, so that one that states none is closed to all but admins.
 */
export default fp(
  async (app: FastifyInstance, { requireToken = false, streamCheckMs = 15_000 }: AccessOptions) => {
    const routes: RouteOptions[] = [];
    app.addHook('onRoute', (route) => {
      routes.push(route);
      if (route.sse !== undefined) route.config = { ...route.config, streams: true };
    });
    const access: Access = {
      tokenRequired: requireToken,
      routes: () =>
        routes.flatMap(({ method, url, config }) =>
          [method].flat().map((name) => ({ method: name, url, role: config?.role ?? null })),
        ),
      verify: async (request, reply, token) => {
        await app.rateLimits.checkGuesses(request, reply);
        const holder = await verifyToken(app.database, token);
        if (holder === null) await app.rateLimits.countGuess(request);
        return holder;
      },
      identify: async (request, reply) => {
        const token = presentedToken(request);
        if (token === null && !requireToken) return loopbackCaller;
        if (token === null) {
          reply.header('www-authenticate', 'Bearer realm="bitkiln"');
          throw tokenMissing();
        }
        const holder = await access.verify(request, reply, token.text);
        if (holder !== null) return { ...holder, tokenId: holder.id };
        reply.header('www-authenticate', 'Bearer realm="bitkiln", error="invalid_token"');
        if (token.from === 'cookie') clearSessionCookie(request, reply);
        throw tokenInvalid();
      },
    };
    app.decorate('access', access);
    app.decorateRequest('caller', null);
    if (!requireToken) answerOnlyLoopbackHosts(app);
    app.addHook('onReady', async () => {
      const undeclared = access.routes().filter(({ role }) => role === null);
      for (const route of undeclared) app.log.warn(route, 'a route states no role: only admins reach it');
    });

    app.addHook('onRequest', async (request, reply) => {
      const needed = request.is404 ? 'read' : (request.routeOptions.config.role ?? undeclaredRole);
      const token = needed === 'public' ? null : presentedToken(request);
      if (token === null) await app.rateLimits.countRequest(request, reply, null);
      if (needed === 'public') return;
      // What a token opens is not for a shared cache, nor for the disk of the next user of a browser.
      reply.header('cache-control', 'no-store');
      const caller = await access.identify(request, reply);
      if (token !== null) await app.rateLimits.countRequest(request, reply, caller.tokenId);
      if (!mayActAs(caller.role, needed)) throw roleTooLow(caller.role, needed);
      request.caller = caller;
      if (token !== null && request.routeOptions.config.streams === true) {
        endWithToken(app.database, reply, token.text, streamCheckMs);
      }
    });
  },
  { name: 'access', dependencies: ['database', 'rate-limit'] },
);
