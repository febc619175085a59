import { fromCompact } from './compact-form.ts';
import { fromJson } from './json-form.ts';
import type { Layer } from './layer.ts';
import { NetworkError } from './network-error.ts';

const maximumLayers = 256;

/**
 * Reads a network: a list of lists (`[["A", 2, 4], ["S", 10, 4, 8, 8]]`), that list as JSON text, or the compact
 * form (`A(2,4) S(10)`; docs/network-language.md has its grammar). Every field is checked by itself; whether the
 * layers fit one another is for `lowerNetwork` to say.
 * @throws NetworkError
 */
export function parseNetwork(source: string | readonly (readonly unknown[])[]): Layer[] {
  const layers = typeof source === 'string' ? parseText(source) : parseList(source);
  if (layers.length === 0 || layers.length > maximumLayers) {
    const expected = `1 to ${maximumLayers} layers`;
    throw new NetworkError(
      { layer: null, field: 'network', value: source, expected },
      `the network has ${layers.length} layers; expected ${expected}`,
    );
  }
  return layers;
}

function parseText(source: string): Layer[] {
  if (!source.trimStart().startsWith('[')) return fromCompact(source);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new NetworkError({ layer: null, field: 'network', value: source, expected: 'valid JSON' });
  }
  return parseList(value);
}

function parseList(source: unknown): Layer[] {
  if (!Array.isArray(source)) {
    const expected = 'a list of layers or a text such as "A(2,4) C(5,3x3) S(10)"';
    throw new NetworkError({ layer: null, field: 'network', value: source, expected });
  }
  return fromJson(source);
}
