import { type DatasetInfo, ProtocolError, resolveProtocol } from '@bitkiln/core';
import type { NewExperiment } from '@bitkiln/lifecycle';
import type { DatasetRegistry } from '../plugins/app/datasets/datasets.ts';
import { fieldError, invalidRequest } from '../problems/invalid-request.ts';
import type { ExperimentRequest } from '../schemas/experiment-request.ts';
import { checkNetwork } from './check-network.ts';

const longestName = 200;

/**
 * Turns a request into an experiment that can be trained: every default filled in, the network read and weighed.
 * @throws Problem naming the field, its value and what was expected.
 */
export async function prepareExperiment(
  request: ExperimentRequest,
  datasets: DatasetRegistry,
): Promise<NewExperiment> {
  const dataset = await datasetOf(request, datasets);
  const { text, storage } = checkNetwork(request.network, dataset, request.strategy, request.budgetBytes);
  return {
    name: request.name ?? text.slice(0, longestName),
    dataset: request.dataset,
    augmentation: request.augmentation,
    network: text,
    input: dataset.shape,
    classes: dataset.classes,
    strategy: request.strategy,
    budgetBytes: request.budgetBytes,
    weightBytes: storage.weightBytes,
    activationBytes: storage.activationBytes,
    seed: request.seed,
    priority: request.priority,
    protocol: protocolOf(request.protocol),
  };
}

/** @throws Problem where the service does not know the data set or the augmentation. */
export async function datasetOf(
  { dataset, augmentation }: ExperimentRequest,
  datasets: DatasetRegistry,
): Promise<DatasetInfo> {
  requireName('dataset', dataset, await datasets.names());
  requireName('augmentation', augmentation, datasets.augmentations);
  return datasets.info(dataset, augmentation);
}

function requireName(field: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw invalidRequest([fieldError('body', [field], name, `one of ${known.join(', ')}`)]);
}

/** @throws Problem naming the field of the protocol that is impossible. */
export function protocolOf(overrides: ExperimentRequest['protocol']): NewExperiment['protocol'] {
  try {
    return resolveProtocol(overrides);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const path = ['protocol', ...error.field.split('.').filter((name) => name !== '')];
    throw invalidRequest([fieldError('body', path, error.value, error.expected)]);
  }
}
