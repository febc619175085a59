import type { FastifyReply, FastifyRequest } from 'fastify';

const longestSeconds = 7 * 24 * 3600;

/**
 * The cookie by which a page's requests, event streams among them, carry their token. Browsers send a cookie to
 * every port of a host: with the port in its name, two services on one host do not take each other's.
 */
function cookieName(request: FastifyRequest): string {
  const port = /:(\d{1,5})$/.exec(request.headers.host ?? '')?.[1] ?? 'default';
  return `bitkiln-session-${port}`;
}

export function readSessionCookie(request: FastifyRequest): string | null {
  const start = `${cookieName(request)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length) ?? null;
}

/** Keeps a valid token for a week, or until it expires. */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  expiresAt: Date | null,
): void {
  const left = expiresAt === null ? longestSeconds : Math.floor((expiresAt.getTime() - Date.now()) / 1000);
  writeCookie(request, reply, token, Math.max(0, Math.min(left, longestSeconds)));
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  writeCookie(request, reply, '', 0);
}

function writeCookie(request: FastifyRequest, reply: FastifyReply, value: string, maxAge: number): void {
  // The service speaks plain HTTP; behind a proxy that adds TLS, the page's origin tells.
  const secure = request.headers.origin?.startsWith('https://') === true ? '; Secure' : '';
  reply.header(
    'set-cookie',
    `${cookieName(request)}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Strict${secure}`,
  );
}
