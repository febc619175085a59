import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { modelFileName } from '../../model-file-name.ts';
import { noWinner } from '../../problems/no-winner.ts';
import { experimentNotFound } from '../../problems/not-found.ts';
import { object } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';
import { winner } from '../../schemas/winner.ts';

const tags = ['models'];
const contentTypes = { json: 'application/json', h5: 'application/x-hdf5' } as const;
type Format = keyof typeof contentTypes;

export const bestRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/experiments/:id/best',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'The winner, and why it won',
        params: idParams,
        querystring: object({}),
        response: { 200: winner, ...problems(400, 404, 409) },
      },
    },
    async ({ params: { id } }) => (await app.models.findWinner(id)) ?? (await refuse(id)),
  );

  for (const format of ['json', 'h5'] as const) {
    app.get(
      `/experiments/:id/best/model.${format}`,
      {
        config: { role: 'read' },
        schema: {
          tags,
          summary:
            format === 'json'
              ? 'The winner as integer weights and shifts'
              : 'The winner as a Keras 2 HDF5 file',
          description: '`ETag` is the SHA-256 of the file.',
          params: idParams,
          querystring: object({}),
          response: {
            200: { description: 'The file', content: { [contentTypes[format]]: { schema: z.any() } } },
            304: z.undefined().describe('The copy named by If-None-Match is still good'),
            ...problems(400, 404, 409),
          },
        },
      },
      async (request, reply) => sendFile(request, reply, request.params.id, format),
    );
  }

  async function sendFile(request: FastifyRequest, reply: FastifyReply, id: string, format: Format) {
    const sha256 = (await app.models.findSha256(id, format)) ?? (await refuse(id));
    reply.header('etag', `"${sha256}"`).header('cache-control', 'private, no-cache');
    if (matches(request.headers['if-none-match'], sha256)) return reply.code(304).send();
    const file = (await app.models.findFile(id, format)) ?? (await refuse(id));
    const name = modelFileName(file.name, id, file.trialIndex, format);
    return reply
      .type(contentTypes[format])
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(Buffer.from(file.bytes));
  }

  async function refuse(id: string): Promise<never> {
    const experiment = await app.experiments.findState(id);
    throw experiment === null ? experimentNotFound(id) : noWinner(id, experiment.state);
  }
};

/** Whether an `If-None-Match` header names the file, weakly compared as RFC 9110 asks. */
function matches(header: string | undefined, sha256: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${sha256}"`);
}
