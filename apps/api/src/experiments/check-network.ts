import {
  compileIntegerNetwork,
  type DatasetInfo,
  type Layer,
  lowerNetwork,
  NetworkError,
  type Program,
  parseNetwork,
  printNetwork,
  type StorageTotals,
  type Strategy,
  storageTotals,
} from '@bitkiln/core';
import { deviceActivationBytes } from '@bitkiln/firmware/device-bytes';
import { fieldError } from '../problems/invalid-request.ts';
import { Problem } from '../problems/problem.ts';

export interface CheckedNetwork {
  /** Compact notation with bits. */
  readonly text: string;
  readonly storage: StorageTotals;
}

type Source = string | readonly (readonly unknown[])[];

/**
 * Reads a network and makes sure that it can be trained on the data set within the budget.
 * @throws Problem 422 naming what is impossible about it.
 */
export function checkNetwork(
  source: Source,
  dataset: DatasetInfo,
  strategy: Strategy,
  budgetBytes: number,
): CheckedNetwork {
  const { layers, program } = readNetwork(source, dataset);
  requireClasses(source, layers, dataset.classes);
  const storage = storageTotals(layers, dataset.shape, strategy);
  const deviceBytes = deviceActivationBytes(program, strategy);
  if (storage.weightBytes + deviceBytes > budgetBytes) {
    throw overBudget(storage, deviceBytes, strategy, budgetBytes);
  }
  orRefuse(source, () => compileIntegerNetwork({ program, parameters: largestWeights(program) }));
  return { text: printNetwork(layers), storage };
}

/**
 * Reads a network and lowers it for the images of a data set.
 * @throws Problem 422 naming what is impossible about it.
 */
export function readNetwork(
  source: Source,
  dataset: DatasetInfo,
): { readonly layers: readonly Layer[]; readonly program: Program } {
  const layers = orRefuse(source, () => parseNetwork(source));
  return { layers, program: orRefuse(source, () => lowerNetwork(layers, dataset.shape)) };
}

function orRefuse<T>(source: Source, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw impossible(source, error.layer, error.message, error.value, error.expected);
  }
}

function requireClasses(source: Source, layers: readonly Layer[], classes: number): void {
  const index = layers.length - 1;
  const last = layers[index]!;
  if (last.code !== 'S' || last.units === classes) return;
  const expected = `${classes}, a unit for each class of the data set`;
  const detail = `layer ${index + 1}, S: units is ${last.units}; expected ${expected}`;
  throw impossible(source, index, detail, last.units, expected);
}

/** In a list of layers the fault has a place of its own; in a text the detail counts the layers. */
function impossible(
  source: Source,
  layer: number | null,
  detail: string,
  value: unknown,
  expected: string,
): Problem {
  const path = typeof source === 'string' || layer === null ? ['network'] : ['network', layer];
  return new Problem({
    kind: 'invalid-network',
    status: 422,
    title: 'The network can not be built',
    detail,
    errors: [fieldError('body', path, value, expected)],
    ...(layer === null ? {} : { members: { layer: layer + 1 } }),
  });
}

/** Where the published storage model promises too little, what the generated code needs counts. */
function overBudget(
  { weightBytes, activationBytes }: StorageTotals,
  deviceActivationBytes: number,
  strategy: Strategy,
  budgetBytes: number,
): Problem {
  const totalBytes = weightBytes + deviceActivationBytes;
  const model =
    deviceActivationBytes === activationBytes ? '' : `; the storage model says ${activationBytes}`;
  return new Problem({
    kind: 'network-over-budget',
    status: 422,
    title: 'The network is larger than its budget',
    detail:
      `the network takes ${totalBytes} bytes (${weightBytes} of weights, ${deviceActivationBytes} of activations ` +
      `under ${strategy}${model}), expected at most ${budgetBytes}`,
    errors: [fieldError('body', ['network'], totalBytes, `at most ${budgetBytes} bytes`)],
    members: { weightBytes, activationBytes, deviceActivationBytes, totalBytes, budgetBytes },
  });
}

/**
 * Parameters that drive every sum as far as its bits allow, at the scales that training starts from: all kernels
 * and biases at their lowest value. What passes with these passes with any weights at these scales.
 */
function largestWeights(program: Program): Float32Array {
  const parameters = new Float32Array(program.parameterCount);
  for (const { kind, offset, length } of program.slots) {
    if (kind === 'kernel' || kind === 'bias') parameters.fill(-1, offset, offset + length);
  }
  return parameters;
}
