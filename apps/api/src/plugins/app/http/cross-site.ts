import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses changes that another site's page asks for. A service on loopback has no login, and a request without a
 * body needs no preflight: any page that its user visits could cancel an experiment. Browsers too old to tell the
 * site tell the page's origin.
 */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', async (request) => {
      if (safeMethods.has(request.method)) return;
      const { host, origin, 'sec-fetch-site': site } = request.headers;
      if (site !== undefined) {
        if (site === 'same-origin' || site === 'none') return;
        throw crossSite('sec-fetch-site', site, 'same-origin or none');
      }
      if (origin === undefined || isOriginOf(origin, host)) return;
      throw crossSite('origin', origin, 'that of the service');
    });
  },
  { name: 'cross-site' },
);

/** Whether an origin is that of the host that the request names, with or without its scheme's usual port. */
function isOriginOf(origin: string, host: string | undefined): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  const called = `${protocol}//${host}`;
  return URL.canParse(called) && new URL(called).host === own;
}

function crossSite(header: string, value: unknown, expected: string): Problem {
  return new Problem({
    kind: 'cross-site-request',
    status: 403,
    title: 'Another site may not change anything here',
    detail: `${header} is ${JSON.stringify(value)}, expected ${expected}`,
  });
}
