import { lowerNetwork, type Program, parseNetwork } from '@bitkiln/core';
import type { Database } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { CheckpointKind, WeightHistogram, Weights } from '../../../schemas/weights.ts';
import { firstKernels } from './first-kernels.ts';
import { weightHistogram } from './histogram.ts';

declare module 'fastify' {
  interface FastifyInstance {
    weights: ReturnType<typeof createWeightsRepository>;
  }
}

/** Reads what the weights of a trial look like. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('weights', createWeightsRepository(app.database));
  },
  { name: 'weights', dependencies: ['database'] },
);

function createWeightsRepository({ prisma }: Database) {
  return {
    /** The weights of a trial's checkpoint; null where there is no such checkpoint yet. */
    async find(trialId: string, kind: CheckpointKind): Promise<Weights | null> {
      const row = await prisma.checkpoint.findUnique({
        where: { trialId_kind: { trialId, kind } },
        select: {
          epochsDone: true,
          parameters: true,
          trial: {
            select: {
              stageName: true,
              experiment: {
                select: { network: true, inputRows: true, inputCols: true, inputChannels: true },
              },
            },
          },
        },
      });
      if (row === null) return null;
      const { stageName, experiment } = row.trial;
      const input = {
        rows: experiment.inputRows,
        cols: experiment.inputCols,
        channels: experiment.inputChannels,
      };
      const program = lowerNetwork(parseNetwork(experiment.network), input);
      const parameters = toFloats(row.parameters);
      const quantized = stageName !== 'float';
      return {
        trialId,
        stage: stageName,
        checkpoint: kind,
        epochsDone: row.epochsDone,
        histograms: histogramsOf(program, parameters, quantized),
        firstKernels: firstKernels(program, parameters, quantized),
      };
    },
  };
}

function histogramsOf(program: Program, parameters: Float32Array, quantized: boolean): WeightHistogram[] {
  return program.ops.flatMap((op, opIndex) => {
    if (!('kernel' in op)) return [];
    const layer = program.layers[op.layer]!;
    return (['kernel', 'bias'] as const).map((kind) =>
      weightHistogram({ op, opIndex, layer, kind, parameters, quantized }),
    );
  });
}

/** A copy: bytes from the database may start anywhere, a Float32Array may not. */
function toFloats(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
