import { fieldOf, isLayerCode, layerCodes, layerFields, makeLayer } from './fields.ts';
import type { ConvolutionWindow, Layer } from './layer.ts';
import { NetworkError } from './network-error.ts';
import { convolvedShape, pooledShape } from './output-shape.ts';
import { elements, type Shape } from './shape.ts';

/** Bits that every trainer, engine and exporter handles; the storage model alone counts wider ones. */
const computedBits = { weightBits: 8, biasBits: 16, activationBits: 16 } as const;
/** Floats in the parameter vector, or in one feature map: keeps an absurd network from taking the memory. */
const maximumFloats = 2 ** 24;
const pixelBits = 8;

/**
 * Refuses layers that do not make a network for this input: a kernel that does not fit, pooling that does not
 * divide an axis, M or D with other bits than their input, logits that are missing, not last, or there twice.
 * @throws NetworkError
 */
export function checkNetwork(layers: readonly Layer[], input: Shape): void {
  checkInput(input);
  checkLogits(layers);
  let shape = input;
  let bits = pixelBits;
  let floats = 0;
  for (const [index, layer] of layers.entries()) {
    checkFields(layer, index);
    if ((layer.code === 'M' || layer.code === 'D') && layer.activationBits !== bits) {
      throw new NetworkError(
        {
          layer: index,
          code: layer.code,
          field: 'activationBits',
          value: layer.activationBits,
          expected: `${bits}`,
        },
        `activationBits is ${layer.activationBits}, but its input has ${bits} and ${layer.code} changes no values; expected ${bits}`,
      );
    }
    bits = layer.activationBits;
    floats += weightCount(layer, shape);
    shape = outputShape(layer, index, shape);
    if (floats > maximumFloats || elements(shape) > maximumFloats) {
      const value = Math.max(floats, elements(shape));
      const expected = `at most ${maximumFloats}`;
      throw new NetworkError(
        { layer: index, code: layer.code, field: 'network', value, expected },
        `the network grows to ${value} ${floats > maximumFloats ? 'parameters' : 'activations'} here; expected ${expected}`,
      );
    }
  }
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

function outputShape(layer: Layer, index: number, input: Shape): Shape {
  switch (layer.code) {
    case 'A':
    case 'M':
      checkPool(layer, index, input);
      return pooledShape(input, layer.pool);
    case 'C':
    case 'CN':
    case 'DSC':
      checkKernel(layer, index, input);
      return convolvedShape(input, layer, layer.filters);
    case 'T':
      checkKernel(layer, index, input);
      return convolvedShape(input, layer, input.channels * layer.multiplier);
    case 'F':
    case 'S':
      return { rows: 1, cols: 1, channels: layer.units };
    default:
      return input;
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

/** Weights and biases of a layer whose input has this shape. */
function weightCount(layer: Layer, input: Shape): number {
  switch (layer.code) {
    case 'C':
    case 'CN':
      return (layer.kernelRows * layer.kernelCols * input.channels + 1) * layer.filters;
    case 'T':
      return (layer.kernelRows * layer.kernelCols + 1) * input.channels * layer.multiplier;
    case 'DSC':
      return (
        (layer.kernelRows * layer.kernelCols + 1) * input.channels + (input.channels + 1) * layer.filters
      );
    case 'R':
      return 2 * (9 * input.channels + 1) * input.channels;
    case 'F':
    case 'S':
      return (elements(input) + 1) * layer.units;
    default:
      return 0;
  }
}
