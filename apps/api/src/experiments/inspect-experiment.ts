import {
  layerCosts,
  printLayer,
  printNetwork,
  type Strategy,
  storageReport,
  storageTotals,
  strategies,
} from '@bitkiln/core';
import { augmentedShare } from '@bitkiln/datasets';
import { deviceActivationBytes } from '@bitkiln/firmware/device-bytes';
import type { DatasetRegistry } from '../plugins/app/datasets/datasets.ts';
import { Problem } from '../problems/problem.ts';
import type { Check } from '../schemas/check.ts';
import type { ExperimentRequest } from '../schemas/experiment-request.ts';
import { checkNetwork, readNetwork } from './check-network.ts';
import { estimateSeconds } from './estimate-time.ts';
import { datasetOf, protocolOf } from './prepare-experiment.ts';

/**
 * What an experiment would be: shapes, bytes and costs, and what the workers with these rates would take.
 * @throws Problem where the request is no experiment at all; one that is only too large is described.
 */
export async function inspectExperiment(
  request: ExperimentRequest,
  datasets: DatasetRegistry,
  rates: readonly number[],
): Promise<Check> {
  const { strategy, budgetBytes } = request;
  const dataset = await datasetOf(request, datasets);
  const protocol = protocolOf(request.protocol);
  const { layers, program } = readNetwork(request.network, dataset);
  const costs = layerCosts(program);
  const report = storageReport(layers, dataset.shape, strategy);
  const deviceBytes = deviceActivationBytes(program, strategy);
  const { counts } = await datasets.catalog.describe(request.dataset);
  const trainImages = counts.train * augmentedShare(request.augmentation);
  const work = { program, protocol, trainImages, validationImages: counts.validation };
  return {
    network: printNetwork(layers),
    dataset: { name: dataset.name, shape: dataset.shape, classes: dataset.classes },
    layers: layers.map((layer, index) => {
      const { input, output, parameters, macs } = costs[index]!;
      const { weightBytes, liveBytes } = report.layers[index]!;
      return { text: printLayer(layer), input, output, parameters, macs, weightBytes, liveBytes };
    }),
    parameters: costs.reduce((sum, cost) => sum + cost.parameters, 0),
    macs: costs.reduce((sum, cost) => sum + cost.macs, 0),
    strategy,
    budgetBytes,
    weightBytes: report.weightBytes,
    activationBytes: report.activationBytes,
    totalBytes: report.totalBytes,
    strategies: Object.fromEntries(
      strategies.map((name) => [name, storageTotals(layers, dataset.shape, name)]),
    ) as Record<Strategy, Check['strategies'][Strategy]>,
    deviceActivationBytes: deviceBytes,
    fits: report.weightBytes + deviceBytes <= budgetBytes,
    fault: faultOf(() => checkNetwork(request.network, dataset, strategy, budgetBytes)),
    protocol,
    estimate:
      rates.length === 0
        ? null
        : {
            seconds: estimateSeconds(work, rates),
            workers: rates.length,
            samplesPerSecond: rates.reduce((sum, rate) => sum + rate, 0),
          },
  };
}

function faultOf(run: () => unknown): Check['fault'] {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { title: error.title, detail: error.message };
  }
}
