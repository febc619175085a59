import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { object } from '../../schemas/fields.ts';
import { version } from '../../version.ts';

const tags = ['service'];
const check = z.enum(['ok', 'failed']);
const readiness = z.object({ postgres: check, queue: check });

/** Longest wait for an answer: what orchestrators give a probe. */
const probeMs = 3000;

export const serviceRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/healthz',
    {
      config: { role: 'public' },
      schema: {
        tags,
        summary: 'Whether the process answers',
        querystring: object({}),
        response: { 200: z.object({ status: z.literal('ok'), version: z.string() }) },
      },
    },
    async () => ({ status: 'ok' as const, version }),
  );

  app.get(
    '/readyz',
    {
      config: { role: 'public' },
      schema: {
        tags,
        summary: 'Whether Postgres and the queue answer',
        querystring: object({}),
        response: { 200: readiness, 503: readiness },
      },
    },
    async (request, reply) => {
      const probe = async (name: string, ask: () => Promise<unknown>): Promise<'ok' | 'failed'> => {
        try {
          await within(probeMs, ask());
          return 'ok';
        } catch (error) {
          request.log.warn({ err: error }, `${name} does not answer`);
          return 'failed';
        }
      };
      const [postgres, queue] = await Promise.all([
        probe('postgres', () => app.database.prisma.$queryRaw`select 1`),
        probe('queue', () => app.queue.ping()),
      ]);
      const ready = postgres === 'ok' && queue === 'ok';
      return reply.code(ready ? 200 : 503).send({ postgres, queue });
    },
  );

  app.get(
    '/metrics',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Prometheus metrics',
        querystring: object({}),
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_request, reply) => {
      const text = await app.metrics.metrics();
      return reply
        .type(app.metrics.contentType)
        .serializer((body: string) => body)
        .send(text);
    },
  );
};

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
