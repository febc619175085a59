import {
  deriveStream,
  lowerNetwork,
  type Program,
  parseNetwork,
  type StageName,
  uniformAt,
} from '@bitkiln/core';
import type { LabelledImages, TrialTask } from '../../src/index.ts';

/** Random images of a program's input, with labels of its classes in turn. */
export function randomImages(program: Program, count: number, seed: number): LabelledImages {
  const { rows, cols, channels } = program.input;
  const stream = deriveStream(seed, 'float', 0, 'test-images');
  const length = count * rows * cols * channels;
  return {
    images: Uint8Array.from({ length }, (_, i) => 256 * uniformAt(stream, i)),
    labels: Uint8Array.from({ length: count }, (_, i) => i % program.output.channels),
    count,
  };
}

/** Random parameters: weights and biases within 1 of 0, thresholds within 1.6, so that some values are clipped. */
export function randomParameters(program: Program, seed: number): Float32Array {
  const stream = deriveStream(seed, 'float', 0, 'test-parameters');
  const parameters = Float32Array.from({ length: program.parameterCount }, (_, i) => {
    return 2 * uniformAt(stream, i) - 1;
  });
  for (const { kind, offset } of program.slots) if (kind.endsWith('Threshold')) parameters[offset]! *= 1.6;
  return parameters;
}

/** A small task with dropout, noise and a short last batch: 3 epochs of 4 batches on 8x8 images. */
export function exampleTask(stage: StageName, overrides: Partial<TrialTask> = {}): TrialTask {
  const layers = parseNetwork('A(2,4) C(3,2x2) N(0.05) M(3) D(0.3) S(4)');
  const program = lowerNetwork(layers, { rows: 8, cols: 8, channels: 1 });
  return {
    program,
    stage,
    settings: {
      trials: 1,
      epochs: 3,
      batchSize: 16,
      learningRate: { initial: 0.01, decay: 0.9, minimum: 1e-4 },
    },
    startParameters: stage === 'float' ? null : randomParameters(program, 3),
    train: randomImages(program, 57, 1),
    validation: randomImages(program, 23, 2),
    experimentSeed: 11,
    trialIndex: 2,
    ...overrides,
  };
}
