import {
  deleteExperiment,
  findDiskUsage,
  pauseExperiment,
  resumeExperiment,
  retryEvaluation,
} from '@bitkiln/lifecycle';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerName } from '../../caller-name.ts';
import { experimentNotFound } from '../../problems/not-found.ts';
import { answerRefusals } from '../../problems/refusals.ts';
import { diskUsage } from '../../schemas/disk-usage.ts';
import { experiment } from '../../schemas/experiment.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';

const tags = ['experiments'];

const operations = [
  {
    name: 'pause',
    run: pauseExperiment,
    summary: 'Hold an experiment still',
    description: 'No trial of it is given out; what runs ends its epoch and is handed back. Nothing is lost.',
  },
  {
    name: 'resume',
    run: resumeExperiment,
    summary: 'Let a paused experiment go on',
    description: 'Does nothing to one that is not paused.',
  },
  {
    name: 'retry',
    run: retryEvaluation,
    summary: 'Evaluate the winner again, where that had failed',
    description: 'A failed trial is retried by its own id.',
  },
] as const;

export const experimentOperationRoutes: FastifyPluginAsyncZod = async (app) => {
  for (const { name, run, summary, description } of operations) {
    app.post(
      `/experiments/:id/${name}`,
      {
        config: { role: 'submit' },
        schema: {
          tags,
          summary,
          description,
          params: idParams,
          querystring: object({}),
          body: object({}).nullish(),
          response: { 200: experiment, ...problems(400, 404, 409) },
        },
      },
      async (request) => {
        const { id } = request.params;
        await answerRefusals(run(app.database, id, callerName(request)));
        app.relayOutbox();
        const found = await app.experiments.find(id);
        if (found === null) throw experimentNotFound(id);
        return found;
      },
    );
  }

  app.delete(
    '/experiments/:id',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Delete an experiment with all that belongs to it',
        description: 'What runs of it is fenced off. Deleted again, it stays deleted: 204.',
        params: idParams,
        querystring: object({}),
        body: object({}).nullish(),
        response: { 204: z.undefined().describe('It is gone'), ...problems(400, 404) },
      },
    },
    async (request, reply) => {
      await answerRefusals(deleteExperiment(app.database, request.params.id, callerName(request)));
      return reply.code(204).send();
    },
  );

  app.get(
    '/experiments/:id/disk-usage',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Bytes that an experiment takes in the database',
        params: idParams,
        querystring: object({}),
        response: { 200: diskUsage, ...problems(400, 404) },
      },
    },
    async ({ params: { id } }) => {
      const usage = await findDiskUsage(app.database, id);
      if (usage === null) throw experimentNotFound(id);
      return { ...usage, checkpoints: [...usage.checkpoints] };
    },
  );
};
