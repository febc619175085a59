import { readFileSync } from 'node:fs';
import {
  compileIntegerNetwork,
  createForwardPass,
  createModel,
  evaluateModel,
  type Model,
  ModelError,
  NetworkError,
  type Provenance,
  printNetwork,
  readModelJson,
  roundHalfEven,
  runInteger,
  writeModelJson,
} from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testImages } from '../engine/mnist.ts';
import { publishedFigures, publishedModel } from '../engine/published.ts';
import { randomNetworks } from '../engine/random-network.ts';

const provenance: Provenance = {
  experimentId: '0b0e4a26-8a54-4b9e-8f3e-2f6a4a0c7f11',
  trialId: '7f1f6f0e-7a44-4f0a-9d3a-1f2f0b7c8d22',
  seeds: { experiment: 2 ** 53 - 1, stage: 'movingScales', trial: 3 },
  numericsId: 'tensor/1/backend=wasm',
  reproducible: false,
  dataHash: 'ab'.repeat(32),
  version: '0.1.0',
};

interface Document {
  [key: string]: unknown;
  parameters: Record<string, unknown>[];
}

function documentOf(model: Model): Document {
  return JSON.parse(writeModelJson(model));
}

describe('model.json', () => {
  test('holds integers, thresholds and shifts that give both quantized engines back', () => {
    const stages = fc.constantFrom('movingScales' as const, 'frozenScales' as const);
    const origins = fc.constantFrom(null, provenance);
    fc.assert(
      fc.property(
        randomNetworks,
        stages,
        origins,
        ({ program, parameters, images, imageCount }, stage, from) => {
          const model = createModel({ ...program, parameters, stage, provenance: from });
          const text = writeModelJson(model);
          const read = readModelJson(text);
          expect(read.program).toEqual(model.program);
          expect([read.stage, read.provenance]).toEqual([stage, from]);
          expect(writeModelJson(read)).toBe(text);
          const size = images.length / imageCount;
          const [before, after] = [model, read].map((m) =>
            createForwardPass(m.program, m.parameters, 'fake-quantized'),
          );
          for (let i = 0; i < imageCount; i++) {
            const image = images.subarray(i * size, (i + 1) * size);
            expect(after!.logits(image)).toEqual(before!.logits(image));
          }
          for (const { kind, offset } of program.slots) {
            if (kind !== 'kernel' && kind !== 'bias')
              expect(read.parameters[offset]).toBe(parameters[offset]);
          }
        },
      ),
      { seed: 5, numRuns: 100 },
    );
  });

  test('the published model, read back, gives the same integers and the published count', () => {
    const model = publishedModel();
    const read = readModelJson(writeModelJson(model));
    expect(compileIntegerNetwork(read)).toEqual(compileIntegerNetwork(model));
    const images = testImages();
    const { testCorrectInt16Logits } = publishedFigures.expected;
    expect(evaluateModel(read, images, { engine: 'integer' }).correct).toBe(testCorrectInt16Logits);
    const image = images.images.subarray(0, 784);
    expect(runInteger(compileIntegerNetwork(read), image).class).toBe(7);
  });

  test('says what it is, in full', () => {
    const model = { ...publishedModel(), provenance };
    const json = documentOf(model);
    expect(json).toMatchObject({
      format: 'bitkiln-model',
      formatVersion: 1,
      input: { rows: 28, cols: 28, channels: 1 },
      classes: 10,
      stage: 'frozenScales',
      provenance,
    });
    expect(json.network).toMatchObject({ compact: printNetwork(model.program.layers) });
    expect(json.parameters.map(({ layer, code }) => [layer, code])).toEqual([
      [1, 'C'],
      [2, 'C'],
      [3, 'C'],
      [6, 'S'],
    ]);
    for (const [i, entry] of json.parameters.entries()) {
      expect(entry.kernel).toEqual(publishedFigures.parameters[i]!.kernelInt4);
      expect(entry.bias).toEqual(publishedFigures.parameters[i]!.biasInt8);
      const thresholds = entry.log2Thresholds as Record<string, number>;
      const shifts = Object.entries(thresholds).map(([kind, value]) => [kind, roundHalfEven(value) + 0]);
      expect(entry.shifts).toEqual(Object.fromEntries(shifts));
    }
  });

  test('a model of the float stage has no integers to write', () => {
    expect(() => writeModelJson({ ...publishedModel(), stage: 'float' })).toThrow(
      'stage is "float"; expected a quantized stage: model.json holds integer weights alone',
    );
  });
});

describe('broken files', () => {
  const noise = createModel({
    ...publishedModel(),
    layers: [
      { code: 'Q', activationBits: 4 },
      { code: 'S', units: 2, weightBits: 2, biasBits: 8, activationBits: 8 },
    ],
    input: { rows: 1, cols: 1, channels: 3 },
    parameters: new Float32Array(1 + 6 + 2 + 3),
  });

  const faults: [(json: Document) => void, string][] = [
    [(json) => Object.assign(json, { format: 'onnx' }), 'format is "onnx"; expected "bitkiln-model"'],
    [(json) => Object.assign(json, { formatVersion: 2 }), 'formatVersion is 2; expected 1'],
    [(json) => Object.assign(json, { extra: 1 }), 'extra is 1; expected no such field'],
    [(json) => Object.assign(json, { classes: 3 }), 'classes is 3; expected 2, the units of S'],
    [(json) => Object.assign(json, { classes: 2.5 }), 'classes is 2.5; expected a whole number'],
    [
      (json) => Object.assign(json, { stage: 'final' }),
      'stage is "final"; expected one of "float", "movingScales"',
    ],
    [(json) => Object.assign(json.input!, { rows: -1 }), 'input.rows is -1; expected at least 0'],
    [
      (json) => Object.assign(json.network!, { compact: 'S(2)' }),
      'network.compact is "S(2)"; expected Q(4) S(2)',
    ],
    [(json) => Object.assign(json.network!, { layers: [['S', 2]] }), 'layer 1, S: has 1 field'],
    [
      (json) => Object.assign(json, { provenance: { ...provenance, trialId: 9 } }),
      'provenance.trialId is 9; expected string',
    ],
    [(json) => json.parameters.pop(), 'parameters is 1; expected 2 entries'],
    [(json) => Object.assign(json.parameters[0]!, { layer: 1 }), 'parameters[0].layer is 1; expected 0'],
    [(json) => Object.assign(json.parameters[0]!, { code: 'N' }), 'parameters[0].code is "N"; expected "Q"'],
    [
      (json) => Object.assign(json.parameters[0]!, { bias: [] }),
      'parameters[0].bias is []; expected no such field',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { kernelShape: [2, 3] }),
      'parameters[1].kernelShape is [2,3]; expected [3,2]',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { bias: [1] }),
      'parameters[1].bias is [1]; expected 2 integers',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { bias: [1, 0.5] }),
      'parameters[1].bias[1] is 0.5; expected a whole number',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { bias: [1, 128] }),
      'parameters[1].bias[1] is 128; expected an integer from -128 to 127',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { kernel: [1, 1, 1, 1, 1, 2] }),
      'parameters[1].kernel[5] is 2; expected an odd integer from -3 to 3',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { kernel: 'AAEC' }),
      'parameters[1].kernel is "AAEC"; expected array',
    ],
    [
      (json) => Object.assign(json.parameters[1]!.shifts!, { bias: 1 }),
      'parameters[1].shifts.bias is 1; expected 0, its log2 threshold rounded',
    ],
    [
      (json) => Object.assign(json.parameters[1]!, { log2Thresholds: { activation: 0 } }),
      'parameters[1].log2Thresholds.weight is missing; expected number',
    ],
    [
      (json) =>
        Object.assign(json.parameters[0]!, {
          log2Thresholds: { activation: 101 },
          shifts: { activation: 101 },
        }),
      'layer 1, Q: activationThreshold is 101; expected a log2 threshold from -100 to 100',
    ],
  ];

  test.each(faults.map(([change, message]) => ({ change, message })))('$message', ({ change, message }) => {
    const json = documentOf(noise);
    change(json);
    const attempt = (): Model => readModelJson(JSON.stringify(json));
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(message.startsWith('layer 1, S') ? NetworkError : ModelError);
  });

  test('no JSON, and JSON of something else', () => {
    expect(() => readModelJson('{"format":')).toThrow('the file is "{\\"format\\":"; expected JSON');
    expect(() => readModelJson('[1]')).toThrow('format is [1]; expected "bitkiln-model"');
    expect(() => readModelJson('{}')).toThrow('format is missing; expected "bitkiln-model"');
  });

  test('the published form, with integers that its floats do not quantize to', () => {
    const text = readFileSync(new URL('../golden/published-model.json', import.meta.url), 'utf8');
    const json = JSON.parse(text);
    json.parameters[1].kernelInt4[7] += 1;
    expect(() => readModelJson(JSON.stringify(json))).toThrow(
      'parameters[1].kernelInt4[7] is -7; expected -8, as the floats quantize',
    );
    json.parameters.pop();
    expect(() => readModelJson(JSON.stringify(json))).toThrow('parameters is 3; expected 4 entries');
  });
});

describe('putting a model together', () => {
  const parts = { ...publishedModel().program, stage: 'frozenScales' as const, provenance: null };
  const { parameters } = publishedModel();

  test('refuses parameters of another network', () => {
    expect(() => createModel({ ...parts, parameters: parameters.subarray(1) })).toThrow(
      'parameters is 3002; expected 3003 numbers',
    );
  });

  test('refuses numbers that are not finite, naming the layer', () => {
    const broken = parameters.slice();
    broken[60] = Number.NaN;
    expect(() => createModel({ ...parts, parameters: broken })).toThrow(
      'layer 3, C: kernel is NaN; expected a finite number',
    );
    broken[60] = 0;
    broken[3002] = Number.POSITIVE_INFINITY;
    expect(() => createModel({ ...parts, parameters: broken })).toThrow(
      'layer 7, S: activationThreshold is Infinity; expected a log2 threshold from -100 to 100',
    );
  });
});
