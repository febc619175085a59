import { quantizeArray, quantizerGradients, type UniformQuantizer } from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenBackend, openBackend } from '../../src/tensor/backend.ts';
import { meanCrossEntropy } from '../../src/tensor/loss.ts';
import { averagePool, maxPool } from '../../src/tensor/pooling.ts';
import { quantize } from '../../src/tensor/quantizer.ts';

describe.each(['cpu', 'wasm'] as const)('on the %s backend', (backend) => {
  let engine: OpenBackend;
  beforeAll(async () => {
    engine = await openBackend(backend, undefined);
  });
  afterAll(() => engine.close());

  test('the quantizer and its gradients are those of the core', () => {
    const quarter = fc.integer({ min: -40, max: 40 }).map((n) => n / 4);
    // The core states where single precision may differ: where x qmax / scale underflows.
    const float = fc
      .float({ min: -20, max: 20, noNaN: true })
      .filter((x) => x === 0 || Math.abs(x) > 2 ** -100);
    const number = fc.oneof(quarter, float);
    const quantizer: fc.Arbitrary<UniformQuantizer> = fc.oneof(
      fc.record({
        bits: fc.integer({ min: 1, max: 16 }),
        signed: fc.boolean(),
        rounding: fc.constant('half-even'),
      }),
      fc.record({
        bits: fc.integer({ min: 1, max: 8 }),
        signed: fc.constant(false),
        rounding: fc.constant('floor'),
      }),
    );
    const sample = fc.tuple(number, fc.float({ min: -1, max: 1, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 40 }),
        quantizer,
        fc.integer({ min: -4, max: 4 }),
        fc.boolean(),
        (samples, how, exponent, relu) => {
          const x = Float32Array.from(samples, ([value]) => value);
          const dy = Float32Array.from(samples, ([, slope]) => slope);
          const scale = 2 ** exponent;
          const settings = { quantizer: how, scale, relu };
          const { value, input, threshold } = quantizeWithGradients(x, dy, settings);
          const positive = x.map((v) => (relu ? Math.max(v, 0) : v));
          const expected = quantizerGradients(positive, dy, how, scale);
          expect(value).toEqual(Array.from(quantizeArray(positive, how, scale), (v) => v + 0));
          expect(input).toEqual(Array.from(expected.input, (v, i) => (relu && x[i]! <= 0 ? 0 : v + 0)));
          const slope = expected.scale * Math.LN2 * scale;
          expect(Math.abs(threshold - slope)).toBeLessThanOrEqual(
            1e-4 * scale * (1 + Math.abs(expected.scale)),
          );
        },
      ),
    );
  });

  test.each([2, 3])(
    'a tie in a %dx%d max pool sends its gradient to the first in row-major order',
    (pool) => {
      const level = fc.integer({ min: 0, max: 2 });
      const size = (2 * pool) ** 2 * 2;
      fc.assert(
        fc.property(fc.array(level, { minLength: size, maxLength: size }), (levels) => {
          const shape = [1, 2 * pool, 2 * pool, 2] as [number, number, number, number];
          const slopes = Array.from({ length: size / pool ** 2 }, (_, i) => i + 1);
          const actual = numbers(() => {
            const gradient = tf.grad((x) => maxPool(x as tf.Tensor4D, pool));
            return gradient(tf.tensor4d(levels, shape), tf.tensor4d(slopes, [1, 2, 2, 2]));
          });
          expect(actual).toEqual(firstOfLargest(levels, slopes, pool));
        }),
      );
    },
  );

  test.each([2, 3, 5])('a mean over %dx%d pixels is exact enough to floor', (pool) => {
    // Every sum whose 4-bit quotient is a whole number, next to the one just below it.
    const count = pool ** 2;
    for (let level = 1; level < 16; level++) {
      if (level * 16 > 255) break;
      const whole = new Array<number>(count).fill((level * 16) / 256);
      const below = whole.map((pixel, i) => (i === 0 ? pixel - 1 / 256 : pixel));
      const floors = numbers(() => {
        const means = averagePool(tf.tensor4d([...whole, ...below], [2, pool, pool, 1]), pool);
        const quantizer = { bits: 4, signed: false, rounding: 'floor' } as const;
        return quantize(means, { quantizer, scale: 1, threshold: null, relu: false });
      });
      expect(floors).toEqual([level / 16, (level - 1) / 16]);
    }
  });

  test('uneven pixels whose sum is a multiple of the pool do not fall below their level', () => {
    const pixels = [255, 1, 200, 17, 90, 3, 144, 130, 24].map((pixel) => pixel / 256);
    const sum = 864 / 256;
    expect(pixels.reduce((a, b) => a + b)).toBe(sum);
    const [mean] = numbers(() => averagePool(tf.tensor4d(pixels, [1, 3, 3, 1]), 3));
    expect(mean! * 16).toBe((sum / 9) * 16);
  });

  test('the loss is clipped, and has no gradient where it is', () => {
    const [loss, ...slopes] = numbers(() => {
      const run = tf.valueAndGrad((logits) =>
        meanCrossEntropy(
          logits as tf.Tensor2D,
          tf.tensor2d([
            [1, 0],
            [1, 0],
          ]),
        ),
      );
      const { value, grad } = run(
        tf.tensor2d([
          [0, 40],
          [0, 0],
        ]),
      );
      return tf.concat([tf.reshape(value, [1]), tf.reshape(grad, [4])]);
    });
    expect(loss).toBeCloseTo((-Math.log(1e-7) + Math.LN2) / 2, 5);
    expect(slopes).toEqual([0, 0, -0.25, 0.25]);
  });
});

function quantizeWithGradients(
  x: Float32Array,
  dy: Float32Array,
  settings: { quantizer: UniformQuantizer; scale: number; relu: boolean },
) {
  const all = numbers(() => {
    const run = tf.valueAndGrads((input: tf.Tensor, threshold: tf.Tensor) =>
      quantize(input, { ...settings, threshold }),
    );
    const { value, grads } = run([tf.tensor1d(x), tf.scalar(0)], tf.tensor1d(dy));
    return tf.concat([value, grads[0]!, tf.reshape(grads[1]!, [1])]);
  });
  return { value: all.slice(0, x.length), input: all.slice(x.length, -1), threshold: all.at(-1)! };
}

function firstOfLargest(levels: readonly number[], slopes: readonly number[], pool: number): number[] {
  const width = 2 * pool;
  const gradient = levels.map(() => 0);
  for (let square = 0; square < 8; square++) {
    const [row, col, channel] = [square >> 2, (square >> 1) & 1, square & 1];
    let best = -1;
    for (let i = 0; i < pool ** 2; i++) {
      const at = ((row * pool + Math.floor(i / pool)) * width + col * pool + (i % pool)) * 2 + channel;
      if (best === -1 || levels[at]! > levels[best]!) best = at;
    }
    gradient[best] = slopes[square]!;
  }
  return gradient;
}

/** The numbers of a tensor that is computed here and freed at once; -0 as 0. */
function numbers(compute: () => tf.Tensor): number[] {
  const tensor = tf.tidy(compute);
  const result = Array.from(tensor.dataSync(), (value) => value + 0);
  tensor.dispose();
  return result;
}
