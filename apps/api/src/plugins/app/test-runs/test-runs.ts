import { DatasetError, loadDataset } from '@bitkiln/datasets';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';
import type { TestRun } from '../../../schemas/test-run.ts';
import { runOnTestImages } from './run-on-test-images.ts';

declare module 'fastify' {
  interface FastifyInstance {
    testRuns: ReturnType<typeof createTestRuns>;
  }
}

/** Runs winners on the test images, and remembers what came of it. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('testRuns', createTestRuns(app));
  },
  { name: 'test-runs', dependencies: ['database', 'models'] },
);

/** A run takes seconds and its result a few hundred kilobytes. */
const mostKept = 16;

function createTestRuns({ database: { prisma }, models }: FastifyInstance) {
  /** By experiment; a winner never changes. The one used last stands at the end. */
  const runs = new Map<string, Promise<TestRun | null>>();

  return {
    /** What an experiment's winner makes of the test images; null where it has none. */
    async find(experimentId: string): Promise<TestRun | null> {
      const known = runs.get(experimentId);
      const result = known ?? run(experimentId);
      runs.delete(experimentId);
      runs.set(experimentId, result);
      const [oldest] = runs.keys();
      if (runs.size > mostKept && oldest !== undefined) runs.delete(oldest);
      const forget = () => runs.get(experimentId) === result && runs.delete(experimentId);
      return result.then(
        (found) => {
          if (found === null) forget();
          return found;
        },
        (error: unknown) => {
          forget();
          throw error;
        },
      );
    },
  };

  async function run(experimentId: string): Promise<TestRun | null> {
    const file = await models.findFile(experimentId, 'json');
    if (file === null) return null;
    const { dataset } = await prisma.experiment.findUniqueOrThrow({
      where: { id: experimentId },
      select: { dataset: true },
    });
    const { test } = await loadDataset(dataset).catch((error: unknown) => {
      throw error instanceof DatasetError ? unusable(error) : error;
    });
    return { experimentId, ...(await runOnTestImages(Buffer.from(file.bytes).toString('utf8'), test)) };
  }
}

function unusable(error: DatasetError): Problem {
  return new Problem({
    kind: 'dataset-unusable',
    status: 422,
    title: 'The data set can not be used',
    detail: error.message,
  });
}
