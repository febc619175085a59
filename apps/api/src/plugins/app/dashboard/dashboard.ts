import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';

export interface DashboardOptions {
  /** The folder of the built page. */
  readonly dashboardFolder?: string;
}

const builtFolder = fileURLToPath(new URL('../../../../../dashboard/dist', import.meta.url));

/** The page at `/`, and at every address below `/ui/`, which the page itself tells apart. */
export default fp(
  async (app: FastifyInstance, { dashboardFolder = builtFolder }: DashboardOptions) => {
    const built = existsSync(join(dashboardFolder, 'index.html'));
    if (built) {
      await app.register(fastifyStatic, {
        root: dashboardFolder,
        wildcard: false,
        index: false,
        preCompressed: true,
        decorateReply: true,
        cacheControl: false,
        // A file under assets/ has the hash of its content in its name.
        setHeaders: (reply, path) =>
          reply.header(
            'cache-control',
            path.includes('/assets/') ? 'public, immutable, max-age=31536000' : 'no-cache',
          ),
        globIgnore: ['**/*.gz', '**/*.br', 'index.html'],
      });
    }
    const sendPage = async (_request: unknown, reply: FastifyReply) => {
      if (!built) throw notBuilt();
      return reply.sendFile('index.html');
    };
    for (const url of ['/', '/ui/*']) app.get(url, { schema: { hide: true } }, sendPage);
  },
  { name: 'dashboard', dependencies: ['swagger'] },
);

function notBuilt(): Problem {
  return new Problem({
    kind: 'not-found',
    status: 404,
    title: 'The page is not built',
    detail: 'there is no apps/dashboard/dist; npm run build makes it (the routes are listed at /docs)',
  });
}
