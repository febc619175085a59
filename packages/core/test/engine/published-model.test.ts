import {
  compileIntegerNetwork,
  createForwardPass,
  createIntegerEngine,
  type Evaluation,
  evaluate,
  type ImageSet,
  type IntegerLogits,
  runInteger,
} from '@bitkiln/core';
import { describe, expect, test } from 'vitest';
import { testImages, validationImages } from './mnist.ts';
import { publishedFigures, publishedModel } from './published.ts';

const model = publishedModel();
const { expected, activations } = publishedFigures;
const sets = { test: testImages(), validation: validationImages() };

function evaluateInteger(images: ImageSet, logits: IntegerLogits): Evaluation {
  const engine = createIntegerEngine(compileIntegerNetwork(model), logits);
  return evaluate((image) => Float64Array.from(engine.logits(image), (v) => v * engine.logitUnit), images);
}

function evaluateFakeQuantized(images: ImageSet): Evaluation {
  const pass = createForwardPass(model.program, model.parameters, 'fake-quantized');
  return evaluate((image) => pass.logits(image), images);
}

describe('the published model', () => {
  test('compiles to its published integers', () => {
    const program = compileIntegerNetwork(model);
    const weighted = program.ops.filter((op) => 'kernel' in op);
    expect(weighted.map(({ kernel }) => [...kernel])).toEqual(
      publishedFigures.parameters.map(({ kernelInt4 }) => kernelInt4),
    );
    expect(weighted.map(({ bias }) => [...bias])).toEqual(
      publishedFigures.parameters.map(({ biasInt8 }) => biasInt8),
    );
  });

  test('every integer after every stage', () => {
    const program = compileIntegerNetwork(model);
    expect(activations.length).toBeGreaterThan(0);
    for (const { testImage, label, stages } of activations) {
      const image = sets.test.images.subarray(testImage * 784, (testImage + 1) * 784);
      const result = runInteger(program, image);
      const kept = result.activations.filter((_, i) => program.ops[i]!.kind !== 'dropout');
      expect(kept.map((activation) => [...activation])).toEqual(stages);
      expect(kept.map(({ length }) => length)).toEqual([196, 720, 800, 704, 176, 10]);
      expect([...result.logits]).toEqual(stages.at(-1));
      expect(result.class).toBe(label);
    }
  });

  test('integer engine, 16-bit logits, 10,000 images each', () => {
    expect(evaluateInteger(sets.validation, 'sums').correct).toBe(expected.validationCorrectInt16Logits);
    expect(evaluateInteger(sets.test, 'sums').correct).toBe(expected.testCorrectInt16Logits);
  });

  test('fake-quantized with 8-bit logits, and the integer engine with them: the same counts and losses', () => {
    const validation = evaluateFakeQuantized(sets.validation);
    const test = evaluateFakeQuantized(sets.test);
    expect(validation.correct).toBe(expected.validationCorrect8BitLogits);
    expect(test.correct).toBe(expected.testCorrect8BitLogits);
    expect(Math.abs(validation.loss - expected.validationLoss8BitLogits)).toBeLessThan(1e-6);
    expect(Math.abs(test.loss - expected.testLoss8BitLogits)).toBeLessThan(1e-6);
    expect(evaluateInteger(sets.validation, 'quantized')).toEqual(validation);
    expect(evaluateInteger(sets.test, 'quantized')).toEqual(test);
  });
});
