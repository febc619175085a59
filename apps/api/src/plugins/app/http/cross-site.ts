import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses changes that another site's page asks for. A service on loopback has no login, and a request without a
 * body needs no preflight: any page that its user visits could cancel an experiment.
 */
export default fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', async (request) => {
      const site = request.headers['sec-fetch-site'];
      if (safeMethods.has(request.method) || site === undefined) return;
      if (site === 'same-origin' || site === 'none') return;
      throw new Problem({
        kind: 'cross-site-request',
        status: 403,
        title: 'Another site may not change anything here',
        detail: `sec-fetch-site is ${JSON.stringify(site)}, expected same-origin or none`,
      });
    });
  },
  { name: 'cross-site' },
);
