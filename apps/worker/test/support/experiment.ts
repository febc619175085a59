import {
  type ProtocolOverrides,
  parseNetwork,
  printNetwork,
  resolveProtocol,
  storageTotals,
} from '@bitkiln/core';
import { type Database, submitExperiment } from '@bitkiln/lifecycle';

/** Trains on all of MNIST in less than a second an epoch. */
const tinyNetwork = 'A(4,4) S(10)';

const input = { rows: 28, cols: 28, channels: 1 };

/** Submits an experiment as the API would; its wake-ups wait in the outbox for whoever relays it. */
export async function submitTiny(database: Database, protocol: ProtocolOverrides, seed = 1): Promise<string> {
  const layers = parseNetwork(tinyNetwork);
  const { weightBytes, activationBytes } = storageTotals(layers, input, 'herringbone');
  const submitted = await submitExperiment(database, {
    name: 'tiny',
    dataset: 'mnist',
    augmentation: 'none',
    network: printNetwork(layers),
    input,
    classes: 10,
    strategy: 'herringbone',
    budgetBytes: 2048,
    weightBytes,
    activationBytes,
    seed,
    protocol: resolveProtocol(protocol),
  });
  return submitted.experimentId;
}
