import { z } from 'zod';
import { ModelError } from '../model-error.ts';
import { readBySchema } from '../read-by-schema.ts';

/** A layer as a file's model_config has it. */
export interface ConfiguredLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const inbound = z.array(z.array(z.tuple([z.string(), z.int(), z.int()], z.unknown())));
const schema = z.looseObject({
  class_name: z.literal('Model'),
  config: z.looseObject({
    layers: z.array(
      z.looseObject({
        class_name: z.string(),
        name: z.string(),
        config: z.record(z.string(), z.unknown()),
        inbound_nodes: inbound,
      }),
    ),
  }),
});

export interface ModelConfig {
  readonly input: ConfiguredLayer;
  /** The layers that compute, in order: without those that only change shapes, and the softmax at the end. */
  readonly layers: readonly ConfiguredLayer[];
}

const shapeChanges = ['Flatten', 'Reshape'];

/**
 * Reads model_config: the layers of a functional Keras model, which must follow one another in a single chain
 * from an InputLayer to a softmax.
 * @throws ModelError naming the field at fault
 */
export function readModelConfig(text: string): ModelConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ModelError('model_config', text, 'JSON');
  }
  const { layers } = readBySchema(schema, value, 'model_config').config;
  for (const [i, layer] of layers.entries()) {
    const from = layer.inbound_nodes.flat().map(([name]) => name);
    const before = i === 0 ? [] : [layers[i - 1]!.name];
    if (from.join() === before.join()) continue;
    const expected = i === 0 ? 'no layer before the first' : `["${before[0]}"], the layer before it`;
    throw new ModelError(`model_config: the inputs of ${layer.name}`, from, expected);
  }
  const chain = layers.map(({ class_name: className, name, config }) => ({ className, name, config }));
  const input = chain.shift();
  const last = chain.pop();
  if (input?.className !== 'InputLayer') {
    throw new ModelError('model_config: the first layer', input?.className, 'InputLayer');
  }
  if (last?.className !== 'Activation' || last.config.activation !== 'softmax') {
    throw new ModelError('model_config: the last layer', last?.className, 'Activation with softmax');
  }
  return { input, layers: chain.filter(({ className }) => !shapeChanges.includes(className)) };
}
