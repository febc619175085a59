import type { Database } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { StageSelection } from '../../../schemas/selection.ts';

declare module 'fastify' {
  interface FastifyInstance {
    selections: ReturnType<typeof createSelectionsRepository>;
  }
}

/** Reads how trials were chosen. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('selections', createSelectionsRepository(app.database));
  },
  { name: 'selections', dependencies: ['database'] },
);

function createSelectionsRepository({ prisma }: Database) {
  return {
    /** An experiment's choices so far, in the order of its stages. */
    async find(experimentId: string): Promise<StageSelection[]> {
      const stages = await prisma.stage.findMany({
        where: { experimentId },
        orderBy: { position: 'asc' },
        include: { selection: { include: { scores: { orderBy: { index: 'asc' } } } } },
      });
      return stages.flatMap(({ name, selection }) => {
        if (selection === null) return [];
        return [
          {
            stage: name,
            rule: selection.rule,
            chosenTrialId: selection.chosenTrialId,
            runnerUpTrialId: selection.runnerUpTrialId,
            images: selection.images,
            weight: selection.weight,
            details: selection.details as Record<string, unknown>,
            scores: selection.scores.map(({ trialId, index, loss, correct, bestCorrect, score }) => ({
              trialId,
              index,
              validationLoss: loss,
              validationAccuracy: correct / selection.images,
              bestAccuracy: bestCorrect / selection.images,
              score,
            })),
          },
        ];
      });
    },
  };
}
