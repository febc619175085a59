import {
  createForwardPass,
  crossEntropy,
  deriveStream,
  lowerNetwork,
  type Program,
  parseNetwork,
  quantizeArray,
  quantizerGradients,
  type UniformQuantizer,
  uniformAt,
} from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LabelledImages } from '../trainer.ts';
import type { TensorBackend } from './backend-names.ts';
import { lossAndGradient, splitResult } from './loss-gradient.ts';
import { maxPool } from './pooling.ts';
import { quantize } from './quantizer.ts';

const images = 4;
const randomness = deriveStream(0, 'float', 0, 'self-test');
const quantizers: readonly UniformQuantizer[] = [
  { bits: 4, signed: true, rounding: 'half-even' },
  { bits: 4, signed: false, rounding: 'half-even' },
  { bits: 2, signed: true, rounding: 'half-even' },
];

/**
 * Runs a tiny network, the quantizer and a max-pool tie on the current backend and compares loss and gradients
 * with double precision: finite differences of the core's forward pass, and the core's quantizer.
 * @throws Error where they differ: the backend (or its driver) computes wrong, and nothing should train on it
 */
export function selfTest(backend: TensorBackend): void {
  const findings = [checkNetworkGradient(), ...quantizers.map(checkQuantizer), checkMaxPoolTie()];
  const wrong = findings.filter((finding) => finding !== null);
  if (wrong.length === 0) return;
  throw new Error(
    `backend ${backend} fails its self-test: ${wrong.join('; ')}. Update its driver or package, or choose ` +
      `another backend`,
  );
}

function checkNetworkGradient(): string | null {
  const program = lowerNetwork(parseNetwork('C(3,3x3) T(1,2x2) C(4,2x2) M(2) S(3)'), {
    rows: 6,
    cols: 6,
    channels: 1,
  });
  const pixels = images * 36;
  const data: LabelledImages = {
    images: Uint8Array.from({ length: pixels }, (_, i) => 256 * uniformAt(randomness, i)),
    labels: Uint8Array.from({ length: images }, (_, i) => i % 3),
    count: images,
  };
  const parameters = Float32Array.from(
    { length: program.parameterCount },
    (_, i) => uniformAt(randomness, pixels + i) - 0.4,
  );
  const batch = { data, indices: Uint32Array.of(0, 1, 2, 3), draws: randomness, step: 0 };
  const gradient = new Float32Array(program.parameterCount);
  const result = read(() => lossAndGradient(program, 'float', parameters, batch));
  const loss = splitResult(result, program, 'float', gradient);
  const expectedLoss = lossInDouble(program, parameters, data);
  if (!(Math.abs(loss - expectedLoss) < 1e-5)) return `a loss is ${loss} instead of ${expectedLoss}`;
  for (const { kind, offset, length } of program.slots) {
    if (kind !== 'kernel' && kind !== 'bias') continue;
    for (let i = offset; i < offset + length; i++) {
      const expected = slopeInDouble(program, parameters, data, i);
      if (Math.abs(gradient[i]! - expected) < 1e-4) continue;
      return `a ${kind}'s gradient is ${gradient[i]} instead of ${expected}`;
    }
  }
  return null;
}

function lossInDouble(program: Program, parameters: Float32Array, data: LabelledImages): number {
  const pass = createForwardPass(program, parameters, 'float');
  let sum = 0;
  for (let i = 0; i < images; i++) {
    sum += crossEntropy(pass.logits(data.images.subarray(i * 36, (i + 1) * 36)), data.labels[i]!);
  }
  return sum / images;
}

function slopeInDouble(program: Program, at: Float32Array, data: LabelledImages, i: number): number {
  const [above, below] = [at.slice(), at.slice()];
  above[i]! += 2 ** -10;
  below[i]! -= 2 ** -10;
  const rise = lossInDouble(program, above, data) - lossInDouble(program, below, data);
  return rise / (above[i]! - below[i]!);
}

function checkQuantizer(quantizer: UniformQuantizer): string | null {
  const scale = 2;
  const x = Float32Array.from({ length: 97 }, (_, i) => (i - 48) / 16);
  const dy = Float32Array.from(x, (_, i) => uniformAt(randomness, i) - 0.5);
  const [values, inputs, thresholds] = tf.tidy(() => {
    const run = tf.valueAndGrads((input: tf.Tensor, threshold: tf.Tensor) =>
      quantize(input, { quantizer, scale, threshold, relu: false }),
    );
    const { value, grads } = run([tf.tensor1d(x), tf.scalar(1)], tf.tensor1d(dy));
    return [value, ...grads].map((tensor) => tensor.dataSync<'float32'>());
  }) as unknown as readonly [Float32Array, Float32Array, Float32Array];
  const expected = quantizerGradients(x, dy, quantizer, scale);
  const slope = expected.scale * Math.LN2 * scale;
  const name = `${quantizer.signed ? 'signed' : 'unsigned'} ${quantizer.bits}-bit quantizer`;
  if (!same(values, quantizeArray(x, quantizer, scale), 0)) return `the ${name} rounds wrongly`;
  if (!same(inputs, expected.input, 0)) return `the ${name}'s straight-through gradient is wrong`;
  return same(thresholds, [slope], 1e-4)
    ? null
    : `the ${name}'s scale gradient is ${thresholds[0]} not ${slope}`;
}

function checkMaxPoolTie(): string | null {
  const slopes = read(() => {
    const gradient = tf.grad((x) => maxPool(x as tf.Tensor4D, 2));
    return gradient(tf.tensor4d([0, 1, 1, 1], [1, 2, 2, 1]));
  });
  return same(slopes, [0, 1, 0, 0], 0) ? null : "a max-pool tie's gradient does not go to the first";
}

function same(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): boolean {
  if (actual.length !== expected.length) return false;
  return Array.from(actual).every((value, i) => Math.abs(value - expected[i]!) <= tolerance);
}

/** The numbers of a tensor that is computed here and freed at once. */
function read(compute: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  const numbers = tensor.dataSync<'float32'>().slice();
  tensor.dispose();
  return numbers;
}
