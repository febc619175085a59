import { fieldOf, isLayerCode, layerCodes, layerFields, makeLayer } from './fields.ts';
import type { ConvolutionWindow, Layer } from './layer.ts';
import { NetworkError } from './network-error.ts';
import type { Op } from './program.ts';
import { elements, type Shape } from './shape.ts';

/** Bits that every trainer, engine and exporter handles; the storage model alone counts wider ones. */
const computedBits = { weightBits: 8, biasBits: 16, activationBits: 16 } as const;
/** Floats in the parameter vector, or in one feature map: keeps an absurd network from taking the memory. */
const maximumFloats = 2 ** 24;

/**
 * Refuses an impossible input, an unknown code, and logits that are missing, not last, or there twice.
 * @throws NetworkError
 */
export function checkNetwork(layers: readonly Layer[], input: Shape): void {
  checkInput(input);
  checkLogits(layers);
}

/**
 * Refuses a layer that does not fit an input of this shape and these activation bits: fields out of range, a
 * kernel that is larger, pooling that does not divide an axis, M or D with other bits.
 * @throws NetworkError
 */
export function checkLayer(layer: Layer, index: number, input: Shape, inputBits: number): void {
  checkFields(layer, index);
  const { code, activationBits } = layer;
  if ((code === 'M' || code === 'D') && activationBits !== inputBits) {
    throw new NetworkError(
      { layer: index, code, field: 'activationBits', value: activationBits, expected: `${inputBits}` },
      `activationBits is ${activationBits}, but its input has ${inputBits} and ${code} changes no values; expected ${inputBits}`,
    );
  }
  if ('pool' in layer) checkPool(layer, index, input);
  if ('kernelRows' in layer) checkKernel(layer, index, input);
}

/** Refuses a network that grows past memory with the given layer, `ops` being all up to there. */
export function checkSize(layer: Layer, index: number, parameters: number, ops: readonly Op[]): void {
  const activations = Math.max(...ops.map(({ output }) => elements(output)));
  const [value, what] =
    parameters > maximumFloats ? [parameters, 'parameters'] : [activations, 'activations'];
  if (value <= maximumFloats) return;
  const expected = `at most ${maximumFloats}`;
  throw new NetworkError(
    { layer: index, code: layer.code, field: 'network', value, expected },
    `the network grows to ${value} ${what} here; expected ${expected}`,
  );
}

function checkInput(input: Shape): void {
  for (const field of ['rows', 'cols', 'channels'] as const) {
    const value = input[field];
    if (Number.isInteger(value) && value >= 1 && value <= 4096) continue;
    const expected = 'a whole number from 1 to 4096';
    throw new NetworkError({ layer: null, field: `input ${field}`, value, expected });
  }
}

function checkLogits(layers: readonly Layer[]): void {
  for (const [index, layer] of layers.entries()) {
    if (isLayerCode(layer.code)) continue;
    const expected = `one of ${layerCodes.join(', ')}`;
    throw new NetworkError({ layer: index, field: 'code', value: layer.code, expected });
  }
  const first = layers.findIndex(({ code }) => code === 'S');
  if (first === -1) {
    throw new NetworkError(
      {
        layer: null,
        field: 'network',
        value: layers.map(({ code }) => code),
        expected: 'S as the last layer',
      },
      'the network has no S layer; expected one, as the last layer',
    );
  }
  if (first !== layers.length - 1) {
    throw new NetworkError(
      { layer: first, code: 'S', field: 'network', value: first + 1, expected: 'S as the last layer' },
      `S gives the logits and is followed by ${layers[first + 1]!.code}; expected one S, as the last layer`,
    );
  }
}

function checkFields(layer: Layer, index: number): void {
  const { code } = layer;
  makeLayer(index, code, layer);
  for (const field of ['weightBits', 'biasBits', 'activationBits'] as const) {
    const value = layerFields[code].includes(field) ? fieldOf(layer, field) : 1;
    if (value <= computedBits[field]) continue;
    const expected = `a whole number from 1 to ${computedBits[field]} (the storage model alone counts more)`;
    throw new NetworkError({ layer: index, code, field, value, expected });
  }
}

function checkPool(
  { code, pool }: Extract<Layer, { pool: number }>,
  index: number,
  { rows, cols }: Shape,
): void {
  if (rows % pool === 0 && cols % pool === 0) return;
  const expected = `a divisor of ${rows === cols ? rows : `${rows} and ${cols}`}`;
  throw new NetworkError(
    { layer: index, code, field: 'pool', value: pool, expected },
    `pool ${pool} does not divide the ${rows}x${cols} input; expected ${expected}`,
  );
}

function checkKernel(layer: Layer & ConvolutionWindow, index: number, { rows, cols }: Shape): void {
  const { code, kernelRows, kernelCols } = layer;
  if (kernelRows <= rows && kernelCols <= cols) return;
  const value = `${kernelRows}x${kernelCols}`;
  throw new NetworkError(
    { layer: index, code, field: 'kernel', value, expected: `at most ${rows}x${cols}` },
    `kernel ${value} does not fit the ${rows}x${cols} input`,
  );
}
