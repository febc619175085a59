import { readFileSync } from 'node:fs';
import { calibrate, classOf, crossEntropy, lowerNetwork, parseNetwork, type StageName } from '@bitkiln/core';
import { loadMnist } from '@bitkiln/datasets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EpochResult, LabelledImages, Trainer } from '../../src/index.ts';
import { evaluationLogits } from '../../src/tensor/loss-gradient.ts';
import { createTensorTrainer } from '../../src/tensor/tensor-trainer.ts';

interface PublishedModel {
  readonly layers: string;
  readonly parameters: readonly {
    readonly kernel: readonly number[];
    readonly bias: readonly number[];
    readonly weightLogThreshold: number;
    readonly biasLogThreshold: number;
    readonly activationLogThreshold: number;
  }[];
  readonly expected: Readonly<Record<string, number>>;
}

const golden = new URL('../../../core/test/golden/published-model.json', import.meta.url);
const published: PublishedModel = JSON.parse(readFileSync(golden, 'utf8'));
const mnist = await loadMnist();
const program = lowerNetwork(parseNetwork(published.layers), mnist.shape);

let trainer: Trainer;
beforeAll(async () => {
  trainer = await createTensorTrainer({ backend: 'wasm' });
});
afterAll(() => trainer.dispose());

describe('the published quantized model', () => {
  const parameters = new Float32Array(program.parameterCount);
  let weighted = 0;
  for (const op of program.ops) {
    if (!('kernel' in op)) continue;
    const from = published.parameters[weighted++]!;
    parameters.set(from.kernel, op.kernel.offset);
    parameters.set(from.bias, op.bias.offset);
    parameters[op.weightThreshold.offset] = from.weightLogThreshold;
    parameters[op.biasThreshold.offset] = from.biasLogThreshold;
    parameters[op.quantizer.threshold!.offset] = from.activationLogThreshold;
  }

  test.each(['validation', 'test'] as const)('has its known count and loss over the %s images', (part) => {
    const { correct, loss } = evaluate(parameters, mnist[part]);
    expect(correct).toBe(published.expected[`${part}Correct8BitLogits`]);
    expect(loss).toBeCloseTo(published.expected[`${part}Loss8BitLogits`]!, 5);
  });

  function evaluate(at: Float32Array, data: LabelledImages) {
    let [correct, loss] = [0, 0];
    for (let from = 0; from < data.count; from += 1000) {
      const indices = Uint32Array.from({ length: 1000 }, (_, i) => from + i);
      const tensor = evaluationLogits(program, 'frozenScales', at, data, indices);
      const logits = tensor.dataSync<'float32'>();
      tensor.dispose();
      for (const [i, index] of indices.entries()) {
        const image = logits.subarray(10 * i, 10 * i + 10);
        if (classOf(image) === data.labels[index]) correct++;
        loss += crossEntropy(image, data.labels[index]!) / data.count;
      }
    }
    return { correct, loss };
  }
});

test('the reference network learns real digits through all three stages', async () => {
  const validation = firstImages(mnist.validation, 2000);
  const float = await train('float', 3, null);
  const start = calibrate(program, float.checkpoint.parameters, mnist.validation.images);
  const moving = await train('movingScales', 3, start);
  const frozen = await train('frozenScales', 2, moving.checkpoint.parameters);
  expect(float.validationCorrect / validation.count).toBeGreaterThan(0.92);
  expect(moving.validationCorrect / validation.count).toBeGreaterThan(0.93);
  expect(frozen.validationCorrect / validation.count).toBeGreaterThan(0.94);

  async function train(stage: StageName, epochs: number, startParameters: Float32Array | null) {
    let last: EpochResult | undefined;
    const learningRate = { initial: 0.005, decay: 0.95, minimum: 1e-4 };
    const epochsOf = trainer.train({
      program,
      stage,
      settings: { trials: 1, epochs, batchSize: 64, learningRate },
      startParameters,
      train: firstImages(mnist.train, 4000),
      validation,
      experimentSeed: 1,
      trialIndex: 0,
    });
    for await (const epoch of epochsOf) last = epoch;
    return last!;
  }
});

function firstImages({ images, labels, count }: LabelledImages, wanted: number): LabelledImages {
  const size = images.length / count;
  return { images: images.subarray(0, wanted * size), labels: labels.subarray(0, wanted), count: wanted };
}
