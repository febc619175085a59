import { createHash } from 'node:crypto';
import { ModelError, readModelJson, strategies } from '@bitkiln/core';
import { downloadOf, type ExportTarget, exportModel, exportTargets } from '@bitkiln/firmware';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { modelFileName } from '../../model-file-name.ts';
import { fieldError } from '../../problems/invalid-request.ts';
import { noWinner } from '../../problems/no-winner.ts';
import { experimentNotFound } from '../../problems/not-found.ts';
import { Problem } from '../../problems/problem.ts';
import { object, oneOf } from '../../schemas/fields.ts';
import { idParams } from '../../schemas/id.ts';
import { problems } from '../../schemas/problem.ts';

const query = object({
  target: oneOf(exportTargets).describe('c99 and avr come as a ZIP archive, the others as one file'),
  strategy: oneOf(strategies).optional().describe("For c99 and avr; the experiment's where it is left out"),
  weights: oneOf(['ram', 'flash']).default('ram').describe('Where an ATmega328P keeps the weights'),
});

/** The winner made ready for a target. */
export const exportRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/experiments/:id/best/export',
    {
      config: { role: 'read' },
      schema: {
        tags: ['models'],
        summary: 'The winner as C, firmware, a Keras or ONNX file, or JSON',
        params: idParams,
        querystring: query,
        response: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: z.any() } } },
          ...problems(400, 404, 409, 422),
        },
      },
    },
    async ({ params: { id }, query: { target, strategy, weights } }, reply) => {
      const winner = await app.models.findWinner(id);
      const stored = await app.models.findFile(id, target === 'keras' ? 'h5' : 'json');
      if (winner === null || stored === null) {
        const experiment = await app.experiments.findState(id);
        throw experiment === null ? experimentNotFound(id) : noWinner(id, experiment.state);
      }
      const settings = { strategy: strategy ?? strategyOf(winner.strategy), weights };
      const { name, mediaType, bytes } = downloadOf(await filesOf(stored.bytes, target, settings), target);
      const file = modelFileName(stored.name, id, stored.trialIndex, extensionOf(name, target));
      return reply
        .type(mediaType)
        .header('etag', `"${createHash('sha256').update(bytes).digest('hex')}"`)
        .header('content-disposition', `attachment; filename="${file}"`)
        .send(Buffer.from(bytes));
    },
  );
};

/** The stored files are what a model read back from JSON could not give: Keras holds the float weights. */
async function filesOf(
  bytes: Uint8Array,
  target: ExportTarget,
  settings: NonNullable<Parameters<typeof exportModel>[2]>,
): ReturnType<typeof exportModel> {
  if (target === 'keras') return { 'model.h5': bytes };
  try {
    return await exportModel(readModelJson(Buffer.from(bytes).toString('utf8')), target, settings);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new Problem({
      kind: 'not-exportable',
      status: 422,
      title: 'The winner can not be made ready for this target',
      detail: error.message,
      errors: [fieldError('query', ['target'], target, error.expected)],
    });
  }
}

function strategyOf(name: string): (typeof strategies)[number] {
  return strategies.find((strategy) => strategy === name) ?? 'herringbone';
}

/** `c99.zip`, `onnx`: what stands behind the winner's own name. */
function extensionOf(name: string, target: ExportTarget): string {
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return extension === 'zip' ? `${target}.zip` : extension;
}
