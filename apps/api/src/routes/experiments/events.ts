import { finalEventTypes } from '@bitkiln/lifecycle';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { fieldError, invalidRequest } from '../../problems/invalid-request.ts';
import { experimentNotFound } from '../../problems/not-found.ts';
import { Problem } from '../../problems/problem.ts';
import { object, queryInteger } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';

const largestSequence = 2 ** 31 - 1;
const reconnectMs = 1000;

/** The event that ends a stream. */
function isFinal(type: string): boolean {
  return (finalEventTypes as readonly string[]).includes(type);
}

export const eventRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/experiments/:id/events',
    {
      sse: { kind: 'manual' },
      exposeHeadRoute: false,
      config: { role: 'read' },
      schema: {
        tags: ['experiments'],
        summary: 'Follow an experiment by server-sent events',
        description:
          'Sends every event behind `Last-Event-ID` (or `after`), then new ones as they come; ends with the experiment.',
        params: idParams,
        querystring: object({
          after: queryInteger(0, largestSequence)
            .optional()
            .describe('Sequence number of the last event known; `Last-Event-ID` goes before it'),
        }),
        response: {
          200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
          204: z.undefined().describe('The experiment is over, and there is nothing more to send'),
          ...problems(400, 404, 406),
        },
      },
    },
    async (request, reply) => {
      requireEventStream(request.headers.accept);
      const { id } = request.params;
      const experiment = await app.experiments.findState(id);
      if (experiment === null) throw experimentNotFound(id);
      const newest = experiment.eventSequence;
      const position = readPosition(request.headers['last-event-id'], request.query.after, newest);
      const over = ['succeeded', 'failed', 'cancelled'].includes(experiment.state);
      if (over && position === newest) return reply.code(204).send();

      const gone = new AbortController();
      const closed = new Promise<void>((resolve) => {
        reply.sse.onClose(() => {
          gone.abort();
          resolve();
        });
      });
      await reply.sse.send({ data: undefined, retry: reconnectMs });
      for await (const events of app.eventFeed.follow(id, position, newest, gone.signal)) {
        for (const { sequence, type, data } of events) {
          // A send that waits for a full socket to drain is never told that the socket has closed.
          await Promise.race([reply.sse.send({ id: String(sequence), event: type, data }), closed]);
          if (gone.signal.aborted) break;
        }
        // Behind an end there may be more: a repeat, or an experiment that was opened again.
        if (over ? events.at(-1)!.sequence >= newest : events.some(({ type }) => isFinal(type))) break;
      }
    },
  );
};

function requireEventStream(accept: string | undefined): void {
  if (accept === undefined || /text\/event-stream|text\/\*|\*\/\*/.test(accept)) return;
  throw new Problem({
    kind: 'not-acceptable',
    status: 406,
    title: 'This resource has no such form',
    detail: `accept is ${JSON.stringify(accept)}, expected text/event-stream`,
  });
}

function readPosition(
  header: string | string[] | undefined,
  after: number | undefined,
  newest: number,
): number {
  const expected = `a whole number from 0 to ${newest}, the newest event`;
  if (header !== undefined && header !== '') {
    const position = typeof header === 'string' && /^\d{1,10}$/.test(header) ? Number(header) : -1;
    if (position >= 0 && position <= newest) return position;
    throw invalidRequest([fieldError('header', ['last-event-id'], header, expected)]);
  }
  if (after === undefined || after <= newest) return after ?? 0;
  throw invalidRequest([fieldError('query', ['after'], after, expected)]);
}
