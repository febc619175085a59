import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { experimentNotFound } from '../../problems/not-found.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';
import { selections } from '../../schemas/selection.ts';

export const selectionRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/experiments/:id/selections',
    {
      config: { role: 'read' },
      schema: {
        tags: ['experiments'],
        summary: 'How each stage’s trial was chosen, with the inputs of the rule',
        params: idParams,
        querystring: object({}),
        response: { 200: selections, ...problems(400, 404) },
      },
    },
    async ({ params: { id } }) => {
      if ((await app.experiments.findState(id)) === null) throw experimentNotFound(id);
      return { experimentId: id, selections: await app.selections.find(id) };
    },
  );
};
