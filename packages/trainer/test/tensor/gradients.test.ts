import { createForwardPass, lowerNetwork, type Program, parseNetwork, type StageName } from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropoutFactors, gaussianNoise, trialDrawStream } from '../../src/randomness/layer-draws.ts';
import { type OpenBackend, openBackend } from '../../src/tensor/backend.ts';
import { evaluationLogits, lossAndGradient, splitResult } from '../../src/tensor/loss-gradient.ts';
import { randomImages, randomParameters } from './example-task.ts';
import { referenceGradient } from './reference-gradient.ts';

/** Every layer type, each where its input needs a gradient too and, where that is possible, first. */
const networks: readonly (readonly [network: string, rows: number, cols: number, channels: number])[] = [
  ['A(2,4) S(3)', 6, 6, 1],
  ['A(3) C(2,2x2) S(3)', 6, 6, 2],
  ['C(2,3x3) A(2,3) S(3)', 6, 6, 1],
  ['C(2,2x2)@a8 A(3,3) S(3)', 7, 7, 1],
  ['C(3,3x3) C(2,2x3) S(3)', 6, 6, 1],
  ['C(3,2x3/2x1) C(2,2x1/2x3) S(3)', 7, 6, 1],
  ['C(2,1x1/2) C(2,1x1/3) S(3)', 7, 8, 1],
  ['CN(3,3x3) CN(2,2x2/2) S(3)', 6, 6, 1],
  ['C(2,2x2) T(2,2x2) S(3)', 6, 6, 1],
  ['T(3,3x3/2) C(2,2x2) S(3)', 6, 7, 2],
  ['C(2,2x2) T(2,2x2/1x2) S(3)', 6, 6, 1],
  ['C(2,2x2) DSC(3,3x3/2) S(3)', 6, 6, 1],
  ['C(2,3x3) R S(3)', 6, 6, 1],
  ['R F(4) S(3)', 4, 5, 2],
  ['C(3,3x3) M(2) C(2,2x2) S(3)', 6, 6, 1],
  ['M(3) C(3,2x2) S(3)', 6, 6, 1],
  ['F(5) F(4) S(3)', 3, 4, 1],
  ['C(2,3x3) D(0.4) S(3)', 6, 6, 1],
  ['C(2,3x3) N(0.1) S(3)', 6, 6, 1],
  ['Q CN(2,3x3) Q S(3)', 6, 6, 1],
  ['C(3,3x3)@w2b2a2 CN(2,2x2)@w1b8a2 Q(1) S(3)@w2b8a8', 6, 6, 1],
];
const stages = ['float', 'movingScales', 'frozenScales'] as const;
const batchSize = 3;
const draws = trialDrawStream(5, 'float', 0);
const step = 7;

describe.each(['cpu', 'wasm'] as const)('on the %s backend', (backend) => {
  let engine: OpenBackend;
  beforeAll(async () => {
    engine = await openBackend(backend, undefined);
  });
  afterAll(() => engine.close());

  describe.each(networks)('%s on %dx%dx%d', (network, rows, cols, channels) => {
    const program = lowerNetwork(parseNetwork(network), { rows, cols, channels });
    const data = randomImages(program, batchSize, 1);
    const batch = { images: data.images, labels: Array.from(data.labels), draws: layerDraws(program) };
    const parameters = livelyParameters(program, batch);

    test('float gradients are the finite differences of the loss', () => {
      const { loss, gradient } = tensorGradient(program, 'float', parameters, data);
      expect(loss).toBeCloseTo(referenceGradient(program, 'float', parameters, batch).loss, 5);
      for (const { kind, offset, length } of program.slots) {
        for (let i = offset; i < offset + length; i++) {
          const difference = kind.endsWith('Threshold')
            ? 0
            : centralDifference(program, parameters, batch, i);
          expectClose(gradient[i]!, difference, `${kind} ${i - offset}`);
        }
      }
    });

    test.each(stages)('loss and gradients in stage %s are those defined', (stage) => {
      const { loss, gradient } = tensorGradient(program, stage, parameters, data);
      const expected = referenceGradient(program, stage, parameters, batch);
      expect(loss).toBeCloseTo(expected.loss, 5);
      for (const [i, slope] of expected.gradient.entries())
        expectClose(gradient[i]!, slope, `parameter ${i}`);
    });

    test('quantized logits in evaluation are those of the core, exactly', () => {
      const indices = Uint32Array.of(0, 1, 2);
      const tensor = evaluationLogits(program, 'frozenScales', parameters, data, indices);
      const logits = Array.from(tensor.dataSync(), (logit) => logit + 0);
      tensor.dispose();
      const pass = createForwardPass(program, parameters, 'fake-quantized');
      const size = data.images.length / batchSize;
      const expected = Array.from(indices).flatMap((i) =>
        Array.from(pass.logits(data.images.subarray(i * size, (i + 1) * size))),
      );
      expect(logits).toEqual(expected);
    });
  });

  test('no tensors are left', () => {
    expect(tf.memory().numTensors).toBe(0);
  });
});

type Batch = Parameters<typeof referenceGradient>[3];

/** Random parameters under which every slot has a gradient once quantized: with most, some layer is all 0. */
function livelyParameters(program: Program, batch: Batch): Float32Array {
  for (let seed = 1; seed < 2000; seed++) {
    const parameters = randomParameters(program, seed);
    const { gradient } = referenceGradient(program, 'movingScales', parameters, batch);
    const isLively = program.slots.every(({ offset, length }) => {
      return gradient.subarray(offset, offset + length).some((slope) => slope !== 0);
    });
    if (isLively) return parameters;
  }
  throw new Error('no seed gives every slot a gradient');
}

function tensorGradient(
  program: Program,
  stage: StageName,
  parameters: Float32Array,
  data: ReturnType<typeof randomImages>,
) {
  const indices = Uint32Array.from({ length: batchSize }, (_, i) => i);
  const tensor = lossAndGradient(program, stage, parameters, { data, indices, draws, step });
  const gradient = new Float32Array(program.parameterCount);
  const loss = splitResult(tensor.dataSync<'float32'>(), program, stage, gradient);
  tensor.dispose();
  return { loss, gradient };
}

function layerDraws(program: Program): Map<number, Float32Array> {
  const byOp = new Map<number, Float32Array>();
  for (const [index, op] of program.ops.entries()) {
    const elements = op.input.rows * op.input.cols * op.input.channels;
    const at = { step, op: index, samples: batchSize, elements };
    if (op.kind === 'dropout') byOp.set(index, dropoutFactors(draws, op.rate, at));
    if (op.kind === 'quantize' && op.stddev > 0) byOp.set(index, gaussianNoise(draws, op.stddev, at));
  }
  return byOp;
}

function centralDifference(program: Program, parameters: Float32Array, batch: Batch, i: number): number {
  const lossAt = (shift: number) => {
    const moved = Float64Array.from(parameters);
    moved[i]! += shift;
    return referenceGradient(program, 'float', moved, batch).loss;
  };
  return (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5;
}

function expectClose(actual: number, expected: number, what: string): void {
  const difference = Math.abs(actual - expected);
  expect(difference, `${what}: ${actual} instead of ${expected}`).toBeLessThan(
    2e-6 + 2e-5 * Math.abs(expected),
  );
}
