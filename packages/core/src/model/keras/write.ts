import type { Group, File as Hdf5File } from 'h5wasm';
import { printNetwork } from '../../network/compact-form.ts';
import type { Model } from '../model.ts';
import { kerasLayers } from './from-network.ts';
import { writeHdf5 } from './hdf5-file.ts';
import { type KerasLayer, namePrefix } from './keras-layer.ts';

interface NamedLayer extends KerasLayer {
  readonly name: string;
}

/** Text attributes are ASCII, as in the published files: fixed length in lists, of any length alone. */
const text = 'A';

/**
 * Writes a model as a Keras 2 HDF5 file in the layout of the published ones: model_config and one group a layer
 * under model_weights, with its float weights and log2 thresholds. An attribute `bitkiln` holds, as JSON, what
 * Keras has no place for: the network with all its bits, and the provenance. The same model gives the same
 * bytes.
 */
export function writeKerasModel(model: Model): Promise<Uint8Array> {
  const layers = nameLayers(kerasLayers(model.program, model.stage));
  const config = JSON.stringify(modelConfig(layers));
  const own = JSON.stringify({ network: printNetwork(model.program.layers), provenance: model.provenance });
  return writeHdf5((file) => {
    writeVersions(file);
    file.create_attribute('model_config', asciiJson(config), null, text);
    file.create_attribute('bitkiln', asciiJson(own), null, text);
    const root = file.create_group('model_weights');
    writeVersions(root);
    writeNames(
      root,
      'layer_names',
      layers.map(({ name }) => name),
    );
    for (const layer of layers) writeLayer(root, layer, model.parameters);
  });
}

function writeVersions(group: Hdf5File | Group): void {
  group.create_attribute('backend', 'tensorflow', null, text);
  group.create_attribute('keras_version', '2.1.6', null, text);
}

/** Keras's own names: the class in snake case, counted from 1. */
function nameLayers(layers: readonly KerasLayer[]): NamedLayer[] {
  const counts = new Map<string, number>();
  return layers.map((layer) => {
    const prefix = layer.className === 'InputLayer' ? 'input' : namePrefix(layer.className);
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    return { ...layer, name: `${prefix}_${count}` };
  });
}

function modelConfig(layers: readonly NamedLayer[]) {
  return {
    class_name: 'Model',
    config: {
      name: 'model_1',
      layers: layers.map(({ className, name, config }, i) => ({
        class_name: className,
        name,
        config: { name, ...(className === 'InputLayer' ? {} : { trainable: true }), ...config },
        inbound_nodes: i === 0 ? [] : [[[layers[i - 1]!.name, 0, 0, {}]]],
      })),
      input_layers: [[layers[0]!.name, 0, 0]],
      output_layers: [[layers.at(-1)!.name, 0, 0]],
    },
  };
}

function writeLayer(root: Group, { name, weights }: NamedLayer, parameters: Float32Array): void {
  const group = root.create_group(name);
  const paths = weights.map((weight) => `${name}/${weight.name}:0`);
  writeNames(group, 'weight_names', paths);
  if (weights.length === 0) return;
  const inner = group.create_group(name);
  for (const { name: weight, slot } of weights) {
    const data = parameters.slice(slot.offset, slot.offset + slot.length);
    inner.create_dataset({ name: `${weight}:0`, data, shape: [...slot.shape], dtype: '<f' });
  }
}

/** A list of names, or the empty list of doubles that NumPy makes of an empty list. */
function writeNames(group: Group, attribute: string, names: readonly string[]): void {
  if (names.length === 0) {
    group.create_attribute(attribute, new Float64Array(0), [0], '<d');
    return;
  }
  const longest = Math.max(...names.map((name) => name.length));
  group.create_attribute(attribute, [...names], null, `${text}${longest}`);
}

/** JSON whose characters are all ASCII. */
function asciiJson(json: string): string {
  return json.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
