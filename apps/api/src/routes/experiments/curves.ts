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
    async ({ params: { id }, query: { stage, points } }) => {
      const found = await app.curves.find(id, stage, points);
      if (found === null) throw experimentNotFound(id);
      return found;
    },
  );
};
