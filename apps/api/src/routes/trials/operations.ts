import { invalidateTrial, repeatTrial, restartTrial, retryTrial } from '@bitkiln/lifecycle';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { callerName } from '../../caller-name.ts';
import { trialNotFound } from '../../problems/not-found.ts';
import { answerRefusals } from '../../problems/refusals.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';
import { invalidation, type TrialDetail, trialDetail } from '../../schemas/trial.ts';

const tags = ['trials'];
const config = { role: 'submit' } as const;

export const trialOperationRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/trials/:id/retry',
    {
      config,
      schema: {
        tags,
        summary: 'Try a failed trial again',
        description:
          'It goes on from its latest checkpoint with three attempts more; an experiment that failed over it goes on ' +
          'too. Does nothing to a trial that waits or runs.',
        params: idParams,
        querystring: object({}),
        body: object({}).nullish(),
        response: { 200: trialDetail, ...problems(400, 404, 409) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await answerRefusals(retryTrial(app.database, id, callerName(request)));
      return found(id);
    },
  );

  app.post(
    '/trials/:id/restart',
    {
      config,
      schema: {
        tags,
        summary: 'Start a waiting or failed trial from epoch 0',
        description:
          'Its epochs and checkpoints are dropped, and any worker may take it: the way on where `waiting.workers` is 0.',
        params: idParams,
        querystring: object({}),
        body: object({}).nullish(),
        response: { 200: trialDetail, ...problems(400, 404, 409) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await answerRefusals(restartTrial(app.database, id, callerName(request)));
      return found(id);
    },
  );

  app.post(
    '/trials/:id/repeat',
    {
      config,
      schema: {
        tags,
        summary: 'Train a finished trial once more, and compare the bytes',
        description:
          'The repeat is a trial of its own that no pick looks at; `Location` is its address. While one is under way, ' +
          'asking again gives that one, with status 200.',
        params: idParams,
        querystring: object({}),
        body: object({}).nullish(),
        response: {
          201: trialDetail.describe('The repeat'),
          200: trialDetail.describe('The repeat that is under way'),
          ...problems(400, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { repeatId, created } = await answerRefusals(repeatTrial(app.database, id, callerName(request)));
      reply.header('location', `/trials/${repeatId}`).code(created ? 201 : 200);
      return found(repeatId);
    },
  );

  app.post(
    '/trials/:id/invalidate',
    {
      config,
      schema: {
        tags,
        summary: 'Declare a trial invalid',
        description:
          'It stays in the record, and out of every pick. Of a stage that is over, the pick is made again as long as ' +
          'nothing has begun from it; afterwards, only a trial without which the same one would be picked can be ' +
          'declared invalid.',
        params: idParams,
        querystring: object({}),
        body: invalidation,
        response: { 200: trialDetail, ...problems(400, 404, 409, 413, 415) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await answerRefusals(invalidateTrial(app.database, id, request.body.reason, callerName(request)));
      return found(id);
    },
  );

  async function found(id: string): Promise<TrialDetail> {
    app.relayOutbox();
    const trial = await app.trials.find(id);
    if (trial === null) throw trialNotFound(id);
    return trial;
  }
};
