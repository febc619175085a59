import { Dataset, Group, type File as Hdf5File } from 'h5wasm';
import { z } from 'zod';
import type { Layer } from '../../network/layer.ts';
import { lowerNetwork } from '../../network/lower.ts';
import { parseNetwork } from '../../network/parse.ts';
import { provenanceSchema } from '../json/schema.ts';
import { createModel, type Model, type Provenance } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { readBySchema } from '../read-by-schema.ts';
import { readHdf5 } from './hdf5-file.ts';
import type { KerasWeight } from './keras-layer.ts';
import { matchLayers } from './match.ts';
import { readModelConfig } from './model-config.ts';
import { inferNetwork } from './to-network.ts';

const ownSchema = z.looseObject({ network: z.string(), provenance: provenanceSchema.nullable() });

/**
 * Reads a Keras 2 HDF5 file in the layout of the published models, or one of ours.
 * @param options.network the network to read it as, where the file leaves bits open; it may not contradict the
 *   file
 * @throws ModelError naming what in the file is at fault, or contradicts the network
 * @throws NetworkError where the network can't exist
 */
export function readKerasModel(
  bytes: Uint8Array,
  options: { readonly network?: readonly Layer[] } = {},
): Promise<Model> {
  return readHdf5(bytes, (file) => {
    const config = readModelConfig(textAttribute(file, 'model_config'));
    const inferred = inferNetwork(config);
    const own = readOwn(file);
    const layers = options.network ?? own?.layers ?? inferred.layers;
    const { input, stage } = inferred;
    const program = lowerNetwork(layers, input);
    const parameters = new Float32Array(program.parameterCount);
    for (const { name, weights } of matchLayers(program, stage, config.layers)) {
      for (const weight of weights) {
        parameters.set(readWeight(file, name, weight), weight.slot.offset);
      }
    }
    return createModel({ layers, input, parameters, stage, provenance: own?.provenance ?? null });
  });
}

/** What the attribute `bitkiln` of our own files says. */
function readOwn(file: Hdf5File): { layers: Layer[]; provenance: Provenance | null } | null {
  if (!('bitkiln' in file.attrs)) return null;
  const text = textAttribute(file, 'bitkiln');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ModelError('the attribute bitkiln', text, 'JSON');
  }
  const { network, provenance } = readBySchema(ownSchema, value, 'bitkiln');
  return { layers: parseNetwork(network), provenance };
}

function textAttribute(file: Hdf5File, name: string): string {
  const value = file.attrs[name]?.value;
  if (typeof value !== 'string') throw new ModelError(`the attribute ${name}`, value, 'a text');
  return value;
}

/** The numbers of one weight, by its name in the layer's list of weight_names. */
function readWeight(file: Hdf5File, layer: string, { name, slot }: KerasWeight): Float32Array {
  const group = file.get(`model_weights/${layer}`);
  if (!(group instanceof Group)) throw new ModelError(`model_weights/${layer}`, null, 'a group');
  const listed = group.attrs.weight_names?.value;
  const names = Array.isArray(listed) ? listed.map(String) : [];
  const path = names.find((entry) => entry.split('/').at(-1) === `${name}:0`);
  if (path === undefined) {
    throw new ModelError(`${layer}: weight_names`, names, `one that ends in ${name}:0`);
  }
  const dataset = group.get(path);
  if (!(dataset instanceof Dataset)) throw new ModelError(`${layer}/${path}`, null, 'a data set');
  const { metadata } = dataset;
  if (metadata.type !== 1 || (metadata.size !== 4 && metadata.size !== 8)) {
    throw new ModelError(`the type of ${path}`, dataset.dtype, 'floats of 32 or 64 bits');
  }
  if (String(dataset.shape) !== String(slot.shape)) {
    throw new ModelError(`the shape of ${path}`, dataset.shape, JSON.stringify(slot.shape));
  }
  const { value } = dataset;
  return typeof value === 'number' ? Float32Array.of(value) : Float32Array.from(value as Float32Array);
}
