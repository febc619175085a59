import { cancelExperiment, IdempotencyConflictError, submitExperiment } from '@bitkiln/lifecycle';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerName } from '../../caller-name.ts';
import { bodyHash, idempotencyKey } from '../../experiments/idempotency.ts';
import { prepareExperiment } from '../../experiments/prepare-experiment.ts';
import { fieldError } from '../../problems/invalid-request.ts';
import { experimentNotFound } from '../../problems/not-found.ts';
import { Problem } from '../../problems/problem.ts';
import { answerRefusals } from '../../problems/refusals.ts';
import { experiment, experimentBrief, experimentsQuery, summary } from '../../schemas/experiment.ts';
import { experimentRequest } from '../../schemas/experiment-request.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { page } from '../../schemas/page.ts';
import { problems } from '../../schemas/problem.ts';
import { experimentTrialsQuery, trial } from '../../schemas/trial.ts';

const tags = ['experiments'];

export const experimentRoutes: FastifyPluginAsyncZod = async (app) => {
  const created = experiment.describe('The experiment; `Location` is its address');

  app.post(
    '/experiments',
    {
      config: { role: 'submit' },
      schema: {
        tags,
        summary: 'Start an experiment',
        description:
          'With an `Idempotency-Key` a repeated request starts nothing: it is answered with the first one’s experiment, ' +
          'status 200 and `Idempotency-Replayed: true`.',
        headers: z.looseObject({ 'idempotency-key': z.unknown().optional().meta({ type: 'string' }) }),
        body: experimentRequest,
        response: { 201: created, 200: experiment, ...problems(400, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const key = idempotencyKey(request.headers['idempotency-key'] as string | string[] | undefined);
      const prepared = await prepareExperiment(request.body, app.datasets);
      const idempotency = key === undefined ? {} : { idempotency: { key, bodyHash: bodyHash(request.body) } };
      const submitted = await submitExperiment(app.database, { ...prepared, ...idempotency }).catch(
        (error) => {
          throw error instanceof IdempotencyConflictError ? keyReused(key, error) : error;
        },
      );
      const { experimentId } = submitted;
      if (!submitted.created) reply.header('idempotency-replayed', 'true');
      reply.header('location', `/experiments/${experimentId}`).code(submitted.created ? 201 : 200);
      app.relayOutbox();
      return found(await app.experiments.find(experimentId), experimentId);
    },
  );

  app.get(
    '/experiments',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Experiments, newest first',
        querystring: experimentsQuery,
        response: { 200: page(experimentBrief), ...problems(400) },
      },
    },
    async (request) => app.experiments.list(request.query),
  );

  app.get(
    '/experiments/:id',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'State, stages, progress and time left',
        params: idParams,
        querystring: object({}),
        response: { 200: experiment, ...problems(400, 404) },
      },
    },
    async ({ params: { id } }) => found(await app.experiments.find(id), id),
  );

  app.post(
    '/experiments/:id/cancel',
    {
      config: { role: 'submit' },
      schema: {
        tags,
        summary: 'Cancel an experiment',
        description: 'Does nothing to one that is over; the reply shows how it stands.',
        params: idParams,
        body: object({}).nullish(),
        response: { 200: experiment, ...problems(400, 404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await answerRefusals(cancelExperiment(app.database, id, undefined, callerName(request)));
      return found(await app.experiments.find(id), id);
    },
  );

  app.get(
    '/experiments/:id/summary',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'How losses and accuracies spread, by stage',
        params: idParams,
        querystring: object({}),
        response: { 200: summary, ...problems(400, 404) },
      },
    },
    async ({ params: { id } }) => {
      found(await app.experiments.findState(id), id);
      return { experimentId: id, stages: await app.summaries.find(id) };
    },
  );

  app.get(
    '/experiments/:id/trials',
    {
      config: { role: 'read' },
      schema: {
        tags: ['trials'],
        summary: 'Trials of an experiment',
        params: idParams,
        querystring: experimentTrialsQuery,
        response: { 200: page(trial), ...problems(400, 404) },
      },
    },
    async ({ params: { id }, query }) => {
      found(await app.experiments.findState(id), id);
      return app.trials.list({ ...query, experiment: id });
    },
  );
};

function found<T>(value: T | null, id: string): T {
  if (value === null) throw experimentNotFound(id);
  return value;
}

function keyReused(key: string | undefined, error: IdempotencyConflictError): Problem {
  return new Problem({
    kind: 'idempotency-key-reused',
    status: 422,
    title: 'The idempotency key belongs to another request',
    detail: error.message,
    errors: [
      fieldError('header', ['idempotency-key'], key, 'a fresh key, or the body that it was sent with'),
    ],
    members: { experimentId: error.experimentId },
  });
}
