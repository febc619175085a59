import { createReadStream } from 'node:fs';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { datasetNotFound } from '../../problems/not-found.ts';
import { datasetList, sha256Params } from '../../schemas/dataset.ts';
import { object } from '../../schemas/fields.ts';
import { problems } from '../../schemas/problem.ts';

const tags = ['datasets'];

export const datasetRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/datasets',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'Data sets that experiments may name',
        querystring: object({}),
        response: { 200: datasetList },
      },
    },
    async () => {
      const { items, faulty } = await app.datasets.catalog.list();
      return { items: [...items], faulty: [...faulty] };
    },
  );

  app.get(
    '/datasets/:sha256',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'A data set packed in one file, for workers that lack it',
        params: sha256Params,
        querystring: object({}),
        response: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: z.any() } } },
          ...problems(400, 404),
        },
      },
    },
    async ({ params: { sha256 } }, reply) => {
      const file = await app.datasets.catalog.packedFile(sha256);
      if (file === null) throw datasetNotFound(sha256);
      return reply
        .type('application/octet-stream')
        .header('content-length', file.bytes)
        .header('etag', `"${sha256}"`)
        .header('cache-control', 'private, immutable, max-age=31536000')
        .send(createReadStream(file.path));
    },
  );
};
