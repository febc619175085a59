import {
  type Model,
  ModelError,
  NetworkError,
  parseNetwork,
  printNetwork,
  readModelJson,
} from '@bitkiln/core';
import { readInputFile } from './input-file.ts';
import { UsageError } from './usage-error.ts';

/** Reads a model file, .h5 or JSON, as a network where one is given. */
export async function readModel(file: string, network: string | undefined): Promise<Model> {
  const bytes = readInputFile(file);
  if (bytes.subarray(1, 4).toString('latin1') === 'HDF') {
    const { readKerasModel } = await import('@bitkiln/core/keras');
    return readKerasModel(bytes, network === undefined ? {} : { network: parseNetwork(network) });
  }
  const model = readModelJson(bytes.toString('utf8'));
  const stated = network === undefined ? null : printNetwork(parseNetwork(network));
  const own = printNetwork(model.program.layers);
  if (stated !== null && stated !== own)
    throw new ModelError('--network', stated, `${own}, as the file says`);
  return model;
}

/** What core refuses in a file or an option is bad usage. */
export async function inUsageTerms<T>(file: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ModelError || error instanceof NetworkError)
      throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}
