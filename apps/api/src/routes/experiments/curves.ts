import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { experimentNotFound } from '../../problems/not-found.ts';
import { curves, curvesQuery } from '../../schemas/curves.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';

export const curveRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/experiments/:id/curves',
    {
      config: { role: 'read' },
      schema: {
        tags: ['trials'],
        summary: 'Learning curves of all trials of a stage, thinned',
        params: idParams,
        querystring: curvesQuery,
        response: { 200: curves, ...problems(400, 404) },
      },
    },
    async ({ params: { id }, query: { stage, points } }, reply) => {
      const found = await app.curves.find(id, stage, points);
      if (found === null) throw experimentNotFound(id);
      // Megabytes of numbers that the repository has just made: checking each of them would hold every request up.
      return reply.type('application/json; charset=utf-8').serializer(JSON.stringify).send(found);
    },
  );
};
