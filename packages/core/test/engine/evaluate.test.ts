import { classOf, crossEntropy, evaluate, evaluateModel, ModelError } from '@bitkiln/core';
import { describe, expect, test } from 'vitest';
import { testImages } from './mnist.ts';
import { publishedFigures, publishedModel } from './published.ts';

describe('evaluation', () => {
  test('the first of the largest logits wins', () => {
    expect(classOf([1, 3, 3, 2])).toBe(1);
    expect(classOf([-5, -5])).toBe(0);
    expect(classOf([-1, -2, 0])).toBe(2);
  });

  test('cross-entropy of the softmax, its probability clipped at both ends', () => {
    expect(crossEntropy([0, 0, 0, 0], 2)).toBeCloseTo(Math.log(4), 12);
    expect(crossEntropy([Math.log(3), 0], 0)).toBeCloseTo(Math.log(4 / 3), 12);
    expect(crossEntropy([1000, 0], 0)).toBeCloseTo(1e-7, 12);
    expect(crossEntropy([1000, 0], 1)).toBeCloseTo(-Math.log(1e-7), 9);
  });

  test('counts and averages over the images', () => {
    const set = { images: Uint8Array.of(0, 1, 2, 3), labels: Uint8Array.of(0, 0, 1, 1), count: 4 };
    const result = evaluate(([pixel]) => (pixel! < 3 ? [0, 0] : [0, Math.log(3)]), set);
    expect(result.correct).toBe(3);
    expect(result.total).toBe(4);
    expect(result.loss).toBeCloseTo((3 * Math.log(2) + Math.log(4 / 3)) / 4, 12);
  });

  test('refuses a label that is no class, and an empty set', () => {
    const set = { images: Uint8Array.of(0), labels: Uint8Array.of(2), count: 1 };
    expect(() => evaluate(() => [0, 0], set)).toThrow('label 0 is 2; expected a class below 2');
    expect(() => evaluate(() => [0], { ...set, count: 0 })).toThrow('there are 0 images to evaluate');
  });
});

describe('evaluating a model', () => {
  const images = testImages();
  const few = { images: images.images.subarray(0, 784 * 500), labels: images.labels, count: 500 };

  test('with each engine and its logit bits', () => {
    const { expected } = publishedFigures;
    const model = publishedModel();
    expect(evaluateModel(model, images, { engine: 'integer' }).correct).toBe(expected.testCorrectInt16Logits);
    const quantized = evaluateModel(model, few, { engine: 'fake-quantized', logitBits: 8 });
    expect(evaluateModel(model, few, { engine: 'integer', logitBits: 8 })).toEqual(quantized);
    expect(evaluateModel(model, few, { engine: 'integer', logitBits: 16 })).not.toEqual(quantized);
    const float = evaluateModel(model, few, { engine: 'float' });
    expect(float.correct).toBeGreaterThan(480);
    expect(float.loss).not.toBe(quantized.loss);
  });

  test('refuses logit bits that the engine does not have', () => {
    const model = publishedModel();
    const attempt = (engine: 'integer' | 'fake-quantized' | 'float', logitBits: number) => () =>
      evaluateModel(model, few, { engine, logitBits });
    expect(attempt('integer', 4)).toThrow('logitBits is 4; expected 16 or 8 with the integer engine');
    expect(attempt('fake-quantized', 16)).toThrow(
      'logitBits is 16; expected 8 with the fake-quantized engine',
    );
    expect(attempt('float', 8)).toThrow('logitBits is 8; expected none with the float engine');
  });

  test('refuses to quantize a model of the float stage', () => {
    const model = { ...publishedModel(), stage: 'float' as const };
    expect(() => evaluateModel(model, few, { engine: 'integer' })).toThrow(ModelError);
    expect(() => evaluateModel(model, few, { engine: 'integer' })).toThrow(
      'engine is "integer"; expected float: a model of the float stage has no quantizers',
    );
  });
});
