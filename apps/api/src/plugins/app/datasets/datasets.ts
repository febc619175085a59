import type { DatasetInfo } from '@bitkiln/core';
import { datasetInfo, datasetNames } from '@bitkiln/datasets';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

/** The data sets and augmentations that experiments may name. */
export interface DatasetRegistry {
  readonly names: readonly string[];
  readonly augmentations: readonly string[];
  info(name: string): Promise<DatasetInfo>;
}

declare module 'fastify' {
  interface FastifyInstance {
    datasets: DatasetRegistry;
  }
}

export default fp(
  async (app: FastifyInstance) => {
    app.decorate('datasets', { names: datasetNames, augmentations: ['none'], info: datasetInfo });
  },
  { name: 'datasets' },
);
