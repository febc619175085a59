import type { Layer, LayerCode } from './layer.ts';
import { NetworkError } from './network-error.ts';

export type FieldName =
  | 'pool'
  | 'filters'
  | 'multiplier'
  | 'units'
  | 'kernelRows'
  | 'kernelCols'
  | 'strideRows'
  | 'strideCols'
  | 'rate'
  | 'stddev'
  | 'weightBits'
  | 'biasBits'
  | 'activationBits';

const window = ['kernelRows', 'kernelCols', 'strideRows', 'strideCols'] as const;
const bits = ['weightBits', 'biasBits', 'activationBits'] as const;

/** The fields of every layer code, in the order of the JSON form. */
export const layerFields: Readonly<Record<LayerCode, readonly FieldName[]>> = {
  A: ['pool', 'activationBits'],
  C: ['filters', ...window, ...bits],
  CN: ['filters', ...window, ...bits],
  T: ['multiplier', ...window, ...bits],
  DSC: ['filters', ...window, ...bits],
  R: bits,
  M: ['pool', 'activationBits'],
  F: ['units', ...bits],
  S: ['units', ...bits],
  D: ['rate', 'activationBits'],
  N: ['stddev', 'activationBits'],
  Q: ['activationBits'],
};

export const layerCodes = Object.keys(layerFields) as readonly LayerCode[];

export function isLayerCode(code: unknown): code is LayerCode {
  return typeof code === 'string' && Object.hasOwn(layerFields, code);
}

interface FieldRule {
  readonly accepts: (value: number) => boolean;
  readonly expected: string;
}

const whole = (minimum: number, maximum: number): FieldRule => ({
  accepts: (value) => Number.isInteger(value) && value >= minimum && value <= maximum,
  expected: `a whole number from ${minimum} to ${maximum}`,
});

const size = whole(1, 1024);
const count = whole(1, 65536);
const storedBits = whole(1, 32);

/** What a layer may hold on paper: the storage model counts all of it, lowering is stricter about bits. */
const rules: Readonly<Record<FieldName, FieldRule>> = {
  pool: size,
  filters: count,
  multiplier: count,
  units: count,
  kernelRows: size,
  kernelCols: size,
  strideRows: size,
  strideCols: size,
  rate: { accepts: (value) => value >= 0 && value < 1, expected: 'a number of at least 0 and below 1' },
  stddev: { accepts: (value) => value >= 0 && value <= 1000, expected: 'a number from 0 to 1000' },
  weightBits: storedBits,
  biasBits: storedBits,
  activationBits: storedBits,
};

export type FieldValues = Readonly<Partial<Record<FieldName, unknown>>>;

/**
 * Builds layer `index` (from 0) of a network from its fields.
 * @throws NetworkError naming the first field that is missing or out of range.
 */
export function makeLayer(index: number, code: LayerCode, values: FieldValues): Layer {
  const layer: Record<string, unknown> = { code };
  for (const field of layerFields[code]) {
    const value = values[field];
    const rule = rules[field];
    if (typeof value !== 'number' || !rule.accepts(value)) {
      throw new NetworkError({ layer: index, code, field, value, expected: rule.expected });
    }
    layer[field] = value;
  }
  return layer as unknown as Layer;
}

/** A field of a layer by name; the caller knows from `layerFields` that it is there. */
export function fieldOf(layer: Layer, field: FieldName): number {
  return (layer as unknown as Readonly<Record<FieldName, number>>)[field];
}
