import type { DatasetInfo } from '@bitkiln/core';
import {
  augmentations,
  checkAugmentation,
  createDatasetCatalog,
  type DatasetCatalog,
  DatasetError,
  dataFolders,
  datasetInfo,
  datasetNames,
} from '@bitkiln/datasets';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Problem } from '../../../problems/problem.ts';

/** The data sets and augmentations that experiments may name. */
export interface DatasetRegistry {
  readonly catalog: DatasetCatalog;
  readonly augmentations: readonly string[];
  names(): Promise<readonly string[]>;
  /**
   * Of a set that `names` has, for an augmentation of `augmentations`.
   * @throws Problem where the set's files are at fault, or its images can't be augmented so.
   */
  info(name: string, augmentation: string): Promise<DatasetInfo>;
}

declare module 'fastify' {
  interface FastifyInstance {
    datasets: DatasetRegistry;
  }
}

export interface DatasetsOptions {
  readonly datasets?: DatasetCatalog;
}

export default fp(
  async (app: FastifyInstance, { datasets = createDatasetCatalog(dataFolders()) }: DatasetsOptions) => {
    app.decorate('datasets', {
      catalog: datasets,
      augmentations,
      names: () => orUnusable(() => datasets.names()),
      info: (name: string, augmentation: string) =>
        orUnusable(async () => {
          // What is built in need not be read to be described.
          const info = datasetNames.includes(name) ? await datasetInfo(name) : await datasets.describe(name);
          checkAugmentation(info, augmentation);
          return info;
        }),
    });
  },
  { name: 'datasets' },
);

async function orUnusable<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    throw new Problem({
      kind: 'dataset-unusable',
      status: 422,
      title: 'The data set can not be used',
      detail: error.message,
    });
  }
}
