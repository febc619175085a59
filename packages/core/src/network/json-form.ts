import { type FieldName, fieldOf, isLayerCode, layerCodes, layerFields, makeLayer } from './fields.ts';
import type { Layer, LayerCode } from './layer.ts';
import { NetworkError } from './network-error.ts';

/** One layer in JSON: its code, then its fields, bits last. */
export type LayerJson = readonly [LayerCode, ...number[]];

/** The network as a list of lists, every field written out: `["C", 5, 3, 3, 1, 1, 4, 8, 4]`. */
export function toJson(layers: readonly Layer[]): LayerJson[] {
  return layers.map((layer) => [
    layer.code,
    ...layerFields[layer.code].map((field) => fieldOf(layer, field)),
  ]);
}

/**
 * Reads the JSON form. A convolution may be short: filters, kernel, weightBits, biasBits, activationBits, with
 * a square kernel and stride 1.
 * @throws NetworkError
 */
export function fromJson(source: readonly unknown[]): Layer[] {
  return source.map((item, index) => layerFromJson(index, item));
}

function layerFromJson(index: number, item: unknown): Layer {
  if (!Array.isArray(item)) {
    const expected = 'a list such as ["M", 2, 4]';
    throw new NetworkError({ layer: index, field: 'layer', value: item, expected });
  }
  const [code, ...values] = item as unknown[];
  if (!isLayerCode(code)) {
    const expected = `one of ${layerCodes.join(', ')}`;
    throw new NetworkError({ layer: index, field: 'code', value: code, expected });
  }
  const fields = layerFields[code];
  const [count, , , , , ...bits] = fields;
  if (fields.includes('kernelRows') && values.length === 5) {
    const [amount, kernel, ...bitValues] = values;
    const named = Object.fromEntries(bits.map((field, i) => [field, bitValues[i]]));
    return makeLayer(index, code, {
      [count as FieldName]: amount,
      kernelRows: kernel,
      kernelCols: kernel,
      strideRows: 1,
      strideCols: 1,
      ...named,
    });
  }
  if (values.length !== fields.length) {
    const expected = fields.includes('kernelRows')
      ? `${fields.join(', ')}, or in short ${count}, kernel, ${bits.join(', ')}`
      : fields.join(', ');
    throw new NetworkError(
      { layer: index, code, field: 'layer', value: item, expected },
      `has ${values.length} field${values.length === 1 ? '' : 's'}; expected ${expected}`,
    );
  }
  return makeLayer(index, code, Object.fromEntries(fields.map((field, i) => [field, values[i]])));
}
