import { readFileSync } from 'node:fs';
import {
  createModel,
  evaluateModel,
  lowerNetwork,
  type Model,
  ModelError,
  NetworkError,
  type Provenance,
  parseNetwork,
  printNetwork,
  stageNames,
} from '@bitkiln/core';
import { readKerasModel, writeKerasModel } from '@bitkiln/core/keras';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testImages } from '../engine/mnist.ts';
import { publishedFigures, publishedModel } from '../engine/published.ts';
import { randomNetworks } from '../engine/random-network.ts';

const golden = new URL('../golden/', import.meta.url);
const quantizedBytes = readFileSync(new URL('published-quantized-model.h5', golden));
const floatBytes = readFileSync(new URL('published-float-model.h5', golden));
const reference = 'A(2,4) C(5,3x3)@w4b8a4 C(8,3x3)@w4b8a4 C(11,3x3)@w4b8a4 M(2,4) D(0.1,4) S(10)@w4b8a8';

const provenance: Provenance = {
  experimentId: '0b0e4a26-8a54-4b9e-8f3e-2f6a4a0c7f11',
  trialId: '7f1f6f0e-7a44-4f0a-9d3a-1f2f0b7c8d22',
  seeds: { experiment: 7, stage: 'frozenScales', trial: 3 },
  numericsId: 'tensor/1/backend=wasm',
  reproducible: true,
  dataHash: 'ab'.repeat(32),
  version: '0.1.0 "größer"',
};

function networkOf({ program }: Model): string {
  return printNetwork(program.layers);
}

describe('published files', () => {
  test('the quantized model is that of the JSON, weight for weight, and gets the same counts', async () => {
    const model = await readKerasModel(quantizedBytes);
    expect(networkOf(model)).toBe(reference);
    expect(model.program.input).toEqual({ rows: 28, cols: 28, channels: 1 });
    expect(model.stage).toBe('frozenScales');
    expect(model.provenance).toBeNull();
    expect(model.parameters).toEqual(publishedModel().parameters);
    const { testCorrectInt16Logits, testCorrect8BitLogits } = publishedFigures.expected;
    const images = testImages();
    expect(evaluateModel(model, images, { engine: 'integer' }).correct).toBe(testCorrectInt16Logits);
    const fakeQuantized = evaluateModel(model, images, { engine: 'fake-quantized' });
    expect(fakeQuantized.correct).toBe(testCorrect8BitLogits);
  });

  test('the float model is of the float stage', async () => {
    const model = await readKerasModel(floatBytes);
    expect(networkOf(model)).toBe(reference);
    expect(model.stage).toBe('float');
  });

  test('a network given may set what the file leaves open, the bits of A', async () => {
    const network = parseNetwork(reference.replace('A(2,4)', 'A(2,6)'));
    const model = await readKerasModel(quantizedBytes, { network });
    expect(networkOf(model)).toBe(printNetwork(network));
    expect(model.parameters).toEqual(publishedModel().parameters);
  });

  test.each([
    [
      'C(8,3x3)',
      'C(9,3x3)',
      'conv_q_32.output_dim is 8; expected 9, as in layer 3 of the network, C(9,3x3)@w4b8a4',
    ],
    ['C(5,3x3)@w4', 'C(5,3x3)@w3', 'conv_q_31.wq is 4; expected 3, as in layer 2'],
    ['C(11,3x3)', 'CN(11,3x3)', 'conv_q_33.activation is "relu"; expected "linear", as in layer 4'],
    ['C(11,3x3)', 'C(11,1x3)', 'conv_q_33.kernel_size is [3,3]; expected [1,3], as in layer 4'],
    ['D(0.1,4)', 'D(0.2,4)', 'dropout_11.rate is 0.1; expected 0.2, as in layer 6'],
    ['D(0.1,4) ', '', 'the class of dropout_11 is "Dropout"; expected DenseQ, as in layer 6'],
    ['M(2,4)', 'M(1,4)', 'max_pooling2d_11.pool_size is [2,2]; expected [1,1], as in layer 5'],
    ['S(10)@w4b8a8', 'S(10)@w4b8a6', 'dense_q_11.aq is 8; expected 6, as in layer 7'],
  ])('a network that contradicts the file is refused: %s as %s', async (from, to, message) => {
    const network = parseNetwork(reference.replace(from, to));
    await expect(readKerasModel(quantizedBytes, { network })).rejects.toThrow(ModelError);
    await expect(readKerasModel(quantizedBytes, { network })).rejects.toThrow(message);
  });

  test('a network of other depth is refused', async () => {
    const network = parseNetwork(reference.replace('S(10)', 'F(3) S(10)'));
    await expect(readKerasModel(quantizedBytes, { network })).rejects.toThrow(
      'dense_q_11.output_dim is 10; expected 3, as in layer 7 of the network, F(3)@w4b8a4',
    );
  });
});

describe('our own files', () => {
  test('round-trip every layer code, stage and bit width, and the provenance', async () => {
    const models = fc.tuple(
      randomNetworks,
      fc.constantFrom(...stageNames),
      fc.constantFrom(null, provenance),
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(models, async ([{ program, parameters }, stage, origin]) => {
        const { layers, input } = program;
        const model = createModel({ layers, input, parameters, stage, provenance: origin });
        for (const { code } of layers) seen.add(code);
        const read = await readKerasModel(await writeKerasModel(model));
        expect(read).toEqual(model);
      }),
      { seed: 4, numRuns: 150 },
    );
    expect(seen.size).toBe(12);
  });

  test('the same model gives the same bytes, whatever the time', async () => {
    const model = publishedModel();
    const first = await writeKerasModel(model);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(Buffer.from(await writeKerasModel(model)).equals(first)).toBe(true);
  });

  test('a network given may not contradict the bits of A in our files', async () => {
    const bytes = await writeKerasModel(publishedModel());
    const network = parseNetwork(reference.replace('A(2,4)', 'A(2,6)'));
    await expect(readKerasModel(bytes, { network })).rejects.toThrow(
      'lambda_1.arguments.bits is 4; expected 6, as in layer 1 of the network, A(2,6)',
    );
  });

  test('DSC may be read as T and C, which compute the same', async () => {
    const layers = parseNetwork('DSC(3,3x3)@w4b8a4 S(2)@w4b8a8');
    const input = { rows: 5, cols: 5, channels: 2 };
    const { parameterCount } = lowerNetwork(layers, input);
    const parameters = Float32Array.from({ length: parameterCount }, (_, i) => Math.sin(i));
    const model = createModel({ layers, input, parameters, stage: 'frozenScales', provenance: null });
    const network = parseNetwork('T(1,3x3)@w4b8a4 C(3,1x1)@w4b8a4 S(2)@w4b8a8');
    const read = await readKerasModel(await writeKerasModel(model), { network });
    const images = { images: new Uint8Array(25 * 2).fill(99), labels: Uint8Array.of(1), count: 1 };
    expect(evaluateModel(read, images, { engine: 'integer' })).toEqual(
      evaluateModel(model, images, { engine: 'integer' }),
    );
  });
});

describe('broken files', () => {
  /** The published file with a text of its model_config replaced by one as long. */
  function patched(from: string, to: string): Uint8Array {
    expect(to.length).toBe(from.length);
    const text = quantizedBytes.toString('latin1');
    expect(text).toContain(from);
    return Buffer.from(text.replaceAll(from, to), 'latin1');
  }

  test.each<[string, () => Uint8Array, string]>([
    ['no HDF5', () => Buffer.from('{"format":1}'), 'expected an HDF5 file'],
    ['no bytes', () => new Uint8Array(0), 'expected an HDF5 file'],
    [
      'no model_config',
      () => patched('model_config', 'model_c0nfig'),
      'the attribute model_config is missing',
    ],
    [
      'another model class',
      () => patched('"class_name": "Model"', '"class_name": "Modem"'),
      'model_config.class_name is "Modem"; expected "Model"',
    ],
    [
      'an unknown layer',
      () => patched('"Dropout"', '"Dropped"'),
      'the class of dropout_11 is "Dropped"; expected a class of the published models',
    ],
    [
      'a layer off the chain',
      () => patched('[[["conv_q_32", 0, 0, {}]]]', '[[["conv_q_31", 0, 0, {}]]]'),
      'the inputs of conv_q_33 is ["conv_q_31"]; expected ["conv_q_32"], the layer before it',
    ],
    [
      'no softmax',
      () => patched('"activation": "softmax"', '"activation": "sigmoid"'),
      'expected Activation with softmax',
    ],
    [
      'padding',
      () => patched('"padding": "valid", "name": "conv_q_31"', '"padding": "saame", "name": "conv_q_31"'),
      'conv_q_31.padding is "saame"; expected "valid"',
    ],
    [
      'a pool that is not square',
      () =>
        patched(
          '"pool_size": [2, 2], "padding": "valid", "strides": [2, 2]}, "inbound_nodes": [[["conv',
          '"pool_size": [2, 3], "padding": "valid", "strides": [2, 2]}, "inbound_nodes": [[["conv',
        ),
      'max_pooling2d_11.pool_size is [2,3]; expected [2, 2]',
    ],
    [
      'mixed stages',
      () => patched('"DenseQ", "config": {"fp": false', '"DenseQ", "config": {"fp": true '),
      'dense_q_11: fp and qt is [true,0]; expected [false,0], as in conv_q_31',
    ],
    [
      'a weight missing',
      () => patched('dense_q_11/bias:0', 'dense_q_11/bios:0'),
      'dense_q_11: weight_names is ["dense_q_11/kernel:0","dense_q_11/bios:0"',
    ],
    [
      'weights of another shape',
      () => patched('"output_dim": 5', '"output_dim": 6'),
      'the shape of conv_q_31/kernel:0 is [3,3,1,5]; expected [3,3,1,6]',
    ],
    ['bits that no network has', () => patched('"wq": 4', '"wq": 9'), 'weightBits is 9'],
  ])('%s', async (_, bytes, message) => {
    const attempt = readKerasModel(bytes());
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toSatisfy(
      (error) => error instanceof ModelError || error instanceof NetworkError,
    );
  });

  test('a file cut short', async () => {
    const attempt = readKerasModel(quantizedBytes.subarray(0, 9000));
    await expect(attempt).rejects.toThrow(ModelError);
    await expect(attempt).rejects.toThrow('the file is "9000 bytes, damaged"; expected a whole HDF5 file');
    expect((await readKerasModel(quantizedBytes)).stage).toBe('frozenScales');
  });
});
