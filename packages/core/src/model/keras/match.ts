import { printLayer } from '../../network/compact-form.ts';
import type { Program } from '../../network/program.ts';
import type { StageName } from '../../protocol/protocol.ts';
import { ModelError } from '../model-error.ts';
import { kerasLayers } from './from-network.ts';
import type { KerasLayer, KerasWeight } from './keras-layer.ts';
import { lambdaBits } from './lambda.ts';
import type { ConfiguredLayer } from './model-config.ts';

/** The settings of a Keras layer that the network decides. */
const decided = [
  'pool_size',
  'output_dim',
  'multiplier',
  'kernel_size',
  'strides',
  'activation',
  'rate',
  'stddev',
  'wq',
  'bq',
  'aq',
];

/**
 * Pairs a network with the layers of a file that compute: the name of each in the file, with its weights.
 * @throws ModelError where the file contradicts the network
 */
export function matchLayers(
  program: Program,
  stage: StageName,
  found: readonly ConfiguredLayer[],
): { readonly name: string; readonly weights: readonly KerasWeight[] }[] {
  const expected = kerasLayers(program, stage).filter(({ layer }) => layer !== null);
  return Array.from({ length: Math.max(expected.length, found.length) }, (_, i) => {
    const layer = expected[i];
    const inFile = found[i];
    if (layer === undefined || inFile === undefined || layer.className !== inFile.className) {
      const at = inFile === undefined ? 'the end of the file' : inFile.name;
      const described = layer === undefined ? 'no more layers' : `${layer.className}${asIn(program, layer)}`;
      throw new ModelError(`the class of ${at}`, inFile?.className, described);
    }
    checkSettings(program, layer, inFile);
    return { name: inFile.name, weights: layer.weights };
  });
}

function checkSettings(
  program: Program,
  layer: KerasLayer,
  { name, className, config }: ConfiguredLayer,
): void {
  const settings = decided.filter((setting) => setting in layer.config);
  for (const setting of settings) {
    const expected = JSON.stringify(layer.config[setting]);
    if (JSON.stringify(config[setting]) === expected) continue;
    throw new ModelError(`${name}.${setting}`, config[setting], `${expected}${asIn(program, layer)}`);
  }
  if (className !== 'Lambda') return;
  const inFile = lambdaBits({ name, className, config });
  const bits = lambdaBits({ name, className, config: layer.config });
  if (inFile === null || inFile === bits) return;
  throw new ModelError(`${name}.arguments.bits`, inFile, `${bits}${asIn(program, layer)}`);
}

function asIn({ layers }: Program, { layer }: KerasLayer): string {
  return layer === null ? '' : `, as in layer ${layer + 1} of the network, ${printLayer(layers[layer]!)}`;
}
