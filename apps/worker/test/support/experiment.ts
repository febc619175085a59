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
export function submitTiny(
  database: Database,
  protocol: ProtocolOverrides,
  options: { readonly dataset?: string } = {},
): Promise<string> {
  return submitNetwork(database, tinyNetwork, protocol, options);
}

/** As `submitTiny`, for any network. */
export async function submitNetwork(
  database: Database,
  network: string,
  protocol: ProtocolOverrides,
  { dataset = 'mnist', augmentation = 'none' } = {},
): Promise<string> {
  const layers = parseNetwork(network);
  const { weightBytes, activationBytes } = storageTotals(layers, input, 'herringbone');
  const submitted = await submitExperiment(database, {
    name: 'test',
    dataset,
    augmentation,
    network: printNetwork(layers),
    input,
    classes: 10,
    strategy: 'herringbone',
    budgetBytes: 2048,
    weightBytes,
    activationBytes,
    seed: 1,
    protocol: resolveProtocol(protocol),
  });
  return submitted.experimentId;
}
