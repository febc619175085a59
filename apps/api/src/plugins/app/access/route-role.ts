import type { TokenRole } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';

/** Whom a route answers: anybody, or holders of a token with this role or a higher one. */
export type RouteRole = 'public' | TokenRole;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route states it; one that does not is for admins alone. */
    role?: RouteRole;
    /** Whether it is answered by an event stream. */
    streams?: boolean;
  }
}

export const undeclaredRole: RouteRole = 'admin';

/** States the role of routes that a library makes: those registered in `scope` from here on. */
export function declareRole(scope: FastifyInstance, role: RouteRole): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, role };
  });
}
