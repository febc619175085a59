import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { trialNotFound } from '../../problems/not-found.ts';
import { Problem } from '../../problems/problem.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';
import { weights, weightsQuery } from '../../schemas/weights.ts';

export const weightRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/trials/:id/weights',
    {
      config: { role: 'read' },
      schema: {
        tags: ['trials'],
        summary: 'Histograms of a trial’s weights, before and after quantization',
        params: idParams,
        querystring: weightsQuery,
        response: { 200: weights, ...problems(400, 404) },
      },
    },
    async ({ params: { id }, query: { checkpoint } }) => {
      const found = await app.weights.find(id, checkpoint);
      if (found !== null) return found;
      if (!(await app.trials.exists(id))) throw trialNotFound(id);
      throw new Problem({
        kind: 'not-found',
        status: 404,
        title: 'There is no such checkpoint',
        detail: `trial ${id} has no ${checkpoint} checkpoint yet`,
      });
    },
  );
};
