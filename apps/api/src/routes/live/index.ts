import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LiveMessage } from '../../plugins/app/live/live-feed.ts';
import { object } from '../../schemas/fields.ts';

const reconnectMs = 1000;
/** A reader this far behind starts anew: what it missed is not kept. */
const mostWaiting = 5000;

export const liveRoutes: FastifyPluginAsyncZod = async (app) => {
  const streams = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const end of streams) end();
  });

  app.get(
    '/live',
    {
      sse: { kind: 'manual' },
      exposeHeadRoute: false,
      config: { role: 'read' },
      schema: {
        tags: ['experiments'],
        summary: 'Follow all experiments and workers by server-sent events',
        description:
          'Sends an experiment or a worker, as its listing shows it, whenever it has changed, and `deleted` with the ' +
          'id of an experiment that is gone. `ready` comes first: ' +
          'a listing read behind it, and what follows, miss nothing.',
        querystring: object({}),
        response: {
          200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) => {
      const waiting: LiveMessage[] = [];
      let over = false;
      let wake = () => {};
      const end = () => {
        over = true;
        wake();
      };
      const closed = new Promise<void>((resolve) => {
        reply.sse.onClose(() => {
          end();
          resolve();
        });
      });
      streams.add(end);
      const stopListening = app.liveFeed.listen((message) => {
        waiting.push(message);
        if (waiting.length > mostWaiting) end();
        wake();
      });
      try {
        await reply.sse.send({ event: 'ready', data: {}, retry: reconnectMs });
        while (!over) {
          const message = waiting.shift();
          if (message === undefined) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          } else {
            // A send that waits for a full socket to drain is never told that the socket has closed.
            await Promise.race([reply.sse.send(message), closed]);
          }
        }
      } finally {
        stopListening();
        streams.delete(end);
      }
    },
  );
};
