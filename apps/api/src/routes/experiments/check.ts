import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { inspectExperiment } from '../../experiments/inspect-experiment.ts';
import { check } from '../../schemas/check.ts';
import { experimentRequest } from '../../schemas/experiment-request.ts';
import { problems } from '../../schemas/problem.ts';

export const checkRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/experiments/check',
    {
      config: { role: 'read' },
      schema: {
        tags: ['experiments'],
        summary: 'What an experiment would be, without starting it',
        description:
          'Takes the body of `POST /experiments`. A network that is too large is described all the same.',
        body: experimentRequest,
        response: { 200: check, ...problems(400, 413, 415, 422) },
      },
    },
    async ({ body }) => inspectExperiment(body, app.datasets, await app.workers.rates()),
  );
};
