import type { Database } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Winner } from '../../../schemas/winner.ts';
import { type FileSizes, toWinner, winnerInclude } from './winner-row.ts';

declare module 'fastify' {
  interface FastifyInstance {
    models: ReturnType<typeof createModelsRepository>;
  }
}

/** Reads winners and their files. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('models', createModelsRepository(app.database));
  },
  { name: 'models', dependencies: ['database'] },
);

interface ModelFile {
  readonly bytes: Uint8Array;
  /** In hex. */
  readonly sha256: string;
  /** The experiment's name, as its user gave it. */
  readonly name: string;
  readonly trialIndex: number;
}

function createModelsRepository({ prisma }: Database) {
  return {
    /** An experiment's winner; null where there is none. */
    async findWinner(experimentId: string): Promise<Winner | null> {
      const [row, sizes] = await Promise.all([
        prisma.experiment.findUnique({ where: { id: experimentId }, include: winnerInclude }),
        prisma.$queryRaw<FileSizes[]>`
          select octet_length(json)::int as json, octet_length(h5)::int as h5
          from models where experiment_id = ${experimentId}::uuid`,
      ]);
      const [size] = sizes;
      return row === null || row.model === null || size === undefined ? null : toWinner(row, size);
    },

    /** The SHA-256 of a winner's file, or null: enough to answer that a copy is still good. */
    async findSha256(experimentId: string, format: 'json' | 'h5'): Promise<string | null> {
      const row = await prisma.model.findUnique({
        where: { experimentId },
        select: { jsonSha256: true, h5Sha256: true },
      });
      if (row === null) return null;
      return format === 'json' ? row.jsonSha256 : row.h5Sha256;
    },

    /** A winner's file, or null. */
    async findFile(experimentId: string, format: 'json' | 'h5'): Promise<ModelFile | null> {
      const row = await prisma.model.findUnique({
        where: { experimentId },
        select: {
          json: format === 'json',
          h5: format === 'h5',
          jsonSha256: true,
          h5Sha256: true,
          experiment: { select: { name: true } },
          trial: { select: { index: true } },
        },
      });
      if (row === null) return null;
      const name = row.experiment.name;
      const trialIndex = row.trial.index;
      return format === 'json'
        ? { bytes: row.json, sha256: row.jsonSha256, name, trialIndex }
        : { bytes: row.h5, sha256: row.h5Sha256, name, trialIndex };
    },
  };
}
