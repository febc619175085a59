import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { page } from '../../schemas/page.ts';
import { problems } from '../../schemas/problem.ts';
import { worker, workersQuery } from '../../schemas/worker.ts';

export const workerRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/workers',
    {
      config: { role: 'read' },
      schema: {
        tags: ['fleet'],
        summary: 'Workers, newest first',
        querystring: workersQuery,
        response: { 200: page(worker), ...problems(400) },
      },
    },
    async ({ query }) => app.workers.list(query),
  );
};
