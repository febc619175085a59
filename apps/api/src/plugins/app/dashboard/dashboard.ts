import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';
import { declareRole } from '../access/route-role.ts';

export interface DashboardOptions {
  /** The folder of the built page. */
  readonly dashboardFolder?: string;
}

const builtFolder = fileURLToPath(new URL('../../../../../dashboard/dist', import.meta.url));

/**
 * The page at `/`, and at every address below `/ui/`, which the page itself tells apart. Anybody may load it: what
 * it shows it asks the other routes for.
 */
async function pageRoutes(app: FastifyInstance, { dashboardFolder = builtFolder }: DashboardOptions) {
  declareRole(app, 'public');
  const built = existsSync(join(dashboardFolder, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: join(dashboardFolder, 'assets'),
      prefix: '/assets/',
      index: false,
      preCompressed: true,
      // A file there has the hash of its content in its name.
      immutable: true,
      maxAge: '1y',
    });
  }
  const send = (file: string) => async (_request: unknown, reply: FastifyReply) => {
    if (!built) throw notBuilt();
    return reply.sendFile(file, dashboardFolder, { cacheControl: false }).header('cache-control', 'no-cache');
  };
  for (const url of ['/', '/ui/*']) app.get(url, { schema: { hide: true } }, send('index.html'));
  for (const file of ['theme.js', 'favicon.svg']) app.get(`/${file}`, { schema: { hide: true } }, send(file));
}

export default fp(
  async (app: FastifyInstance, options: DashboardOptions) => app.register(pageRoutes, options),
  {
    name: 'dashboard',
    dependencies: ['swagger'],
  },
);

function notBuilt(): Problem {
  return new Problem({
    kind: 'not-found',
    status: 404,
    title: 'The page is not built',
    detail: 'there is no apps/dashboard/dist; npm run build makes it (the routes are listed at /docs)',
  });
}
