import type { FastifyRequest } from 'fastify';
import { readSessionCookie } from './session-cookie.ts';

export interface PresentedToken {
  readonly text: string;
  readonly from: 'header' | 'cookie';
}

/** The token that a request carries: `Authorization: Bearer …`, else the page's cookie. Another scheme is a wrong token. */
export function presentedToken(request: FastifyRequest): PresentedToken | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    return { text: /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '', from: 'header' };
  }
  const cookie = readSessionCookie(request);
  return cookie === null || cookie === '' ? null : { text: cookie, from: 'cookie' };
}
