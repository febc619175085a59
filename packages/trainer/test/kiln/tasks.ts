import { createHash } from 'node:crypto';
import {
  deriveStream,
  elements,
  lowerNetwork,
  type Program,
  parseNetwork,
  type Shape,
  type StageName,
  uniformAt,
} from '@bitkiln/core';
import { initialParameters } from '../../src/randomness/initial-parameters.ts';
import type { EpochResult, LabelledImages, TrialTask } from '../../src/trainer.ts';

/** Images of smooth random blobs with labels that depend on them. */
function syntheticImages(count: number, shape: Shape, classes: number, seed = 1): LabelledImages {
  const stream = deriveStream(seed, 'float', 0, 'images');
  const size = shape.rows * shape.cols * shape.channels;
  const labels = Uint8Array.from({ length: count }, (_, i) => Math.floor(uniformAt(stream, i) * classes));
  const images = Uint8Array.from({ length: count * size }, (_, i) => {
    const label = labels[Math.floor(i / size)]!;
    const wave = 1 + ((i % size) * (label + 2)) / size;
    return Math.floor((uniformAt(stream, count + i) * 0.6 + 0.4 * (wave % 1)) * 256);
  });
  return { images, labels, count };
}

export interface TaskSize {
  readonly stage?: StageName;
  readonly count?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
}

export interface TinyTask extends TaskSize {
  readonly network: string;
  readonly input: Shape;
}

/** A trial small enough for the reference; thresholds start off 0 so that quantizers clip and round. */
export function tinyTask({ network, input, ...size }: TinyTask): TrialTask {
  return taskOf(lowerNetwork(parseNetwork(network), input), size);
}

export function taskOf(
  program: Program,
  { stage = 'float', count = 37, batchSize = 20, epochs = 1 }: TaskSize,
): TrialTask {
  const classes = elements(program.output);
  return {
    program,
    stage,
    settings: { trials: 1, epochs, batchSize, learningRate: { initial: 0.01, decay: 0.9, minimum: 1e-4 } },
    startParameters: perturbedStart(program),
    train: syntheticImages(count, program.input, classes),
    validation: syntheticImages(21, program.input, classes, 2),
    experimentSeed: 5,
    trialIndex: 1,
  };
}

/** The last epoch of a trial. */
export async function lastEpoch(epochs: AsyncIterable<EpochResult>): Promise<EpochResult> {
  let last: EpochResult | undefined;
  for await (const epoch of epochs) last = epoch;
  return last!;
}

/** Initial parameters with biases and thresholds off 0, so that quantizers clip and round. */
function perturbedStart(program: Program): Float32Array {
  const stream = deriveStream(9, 'float', 0, 'perturbation');
  const start = initialParameters(program, 5, 1);
  return start.map((x, i) => (x === 0 ? (uniformAt(stream, i) - 0.4) * 1.6 : x));
}

export function sha256(values: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}

/** Networks that together hold every layer code, odd shapes, strides, bits of all kinds. */
export const everyLayer: readonly TinyTask[] = [
  { network: 'A(2,4) C(5,3x3) M(2) D(0.1) S(3)', input: { rows: 12, cols: 12, channels: 1 } },
  { network: 'C(4,3x2)@w2b6a3 A(2,4) CN(3,2x2)@w3b5a2 S(4)', input: { rows: 8, cols: 7, channels: 2 } },
  { network: 'C(7,5x3/2x1)@w1b2a1 T(2,3x2/1x2)@w4b8a1 S(3)@a4', input: { rows: 11, cols: 9, channels: 1 } },
  { network: 'Q@a3 DSC(6,3x3) R@a3 M(3) S(2)', input: { rows: 8, cols: 8, channels: 3 } },
  { network: 'N(0.2)@a4 F(17) N(0.1)@a2 F(9)@w2b4a3 D(0.3) S(5)', input: { rows: 3, cols: 4, channels: 2 } },
  {
    network: 'R R@w3b6a5 C(13,1x1) D(0.5) CN(2,4x4/3x3) Q@a5 S(3)',
    input: { rows: 7, cols: 7, channels: 2 },
  },
  { network: 'C(2,1x3/1x3) M(1) C(3,4x1/2x1) A(1,4) S(2)', input: { rows: 8, cols: 11, channels: 1 } },
  {
    network: 'C(5,2x2) M(2) C(3,3x2/1x2) M(2) C(4,1x1) M(1) S(2)',
    input: { rows: 17, cols: 25, channels: 3 },
  },
  { network: 'C(4,3x3) C(6,2x4/2x1) M(3) CN(7,2x2) S(5)', input: { rows: 15, cols: 14, channels: 1 } },
  { network: 'T(3,2x2) D(0.2)@a4 M(2) DSC(4,2x2/2x2) S(6)', input: { rows: 9, cols: 13, channels: 2 } },
];
