import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { trialNotFound } from '../../problems/not-found.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { page } from '../../schemas/page.ts';
import { problems } from '../../schemas/problem.ts';
import { epoch, epochsQuery, trial, trialDetail, trialsQuery } from '../../schemas/trial.ts';

const tags = ['trials'];

export const trialRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/trials',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Trials of all experiments',
        querystring: trialsQuery,
        response: { 200: page(trial), ...problems(400) },
      },
    },
    async ({ query }) => app.trials.list(query),
  );

  app.get(
    '/trials/:id',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'A trial with its attempts and checkpoints',
        params: idParams,
        querystring: object({}),
        response: { 200: trialDetail, ...problems(400, 404) },
      },
    },
    async ({ params: { id } }) => {
      const trial = await app.trials.find(id);
      if (trial === null) throw trialNotFound(id);
      return trial;
    },
  );

  app.get(
    '/trials/:id/epochs',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Epochs of a trial, in order',
        params: idParams,
        querystring: epochsQuery,
        response: { 200: page(epoch), ...problems(400, 404) },
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      if (!(await app.trials.exists(id))) throw trialNotFound(id);
      return app.trials.epochs(id, limit, cursor);
    },
  );
};
