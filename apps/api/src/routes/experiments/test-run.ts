import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { noWinner } from '../../problems/no-winner.ts';
import { experimentNotFound } from '../../problems/not-found.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';
import { testRun } from '../../schemas/test-run.ts';

export const testRunRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/experiments/:id/best/test',
    {
      config: { role: 'read' },
      schema: {
        tags: ['models'],
        summary: 'The winner on every test image: its confusion matrix and its mistakes',
        description: 'The first request runs the integer engine, which takes seconds.',
        params: idParams,
        querystring: object({}),
        response: { 200: testRun, ...problems(400, 404, 409, 422) },
      },
    },
    async ({ params: { id } }) => {
      const found = await app.testRuns.find(id);
      if (found !== null) return found;
      const experiment = await app.experiments.findState(id);
      throw experiment === null ? experimentNotFound(id) : noWinner(id, experiment.state);
    },
  );
};
