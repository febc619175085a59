import { readFileSync } from 'node:fs';
import {
  calibrate,
  calibrationImages,
  evaluateModel,
  lowerNetwork,
  type Program,
  parseNetwork,
  percentile,
  percentileMagnitude,
} from '@bitkiln/core';
import { readKerasModel } from '@bitkiln/core/keras';
import { describe, expect, test } from 'vitest';
import { testImages, validationImages } from '../engine/mnist.ts';

const golden = new URL('../golden/', import.meta.url);

interface PublishedCalibration {
  readonly validationImages: number;
  readonly model: string;
  readonly scales: readonly { readonly weight: number; readonly bias: number; readonly activation: number }[];
  readonly validationLoss: number;
  readonly validationCorrect: number;
  readonly testCorrect: number;
}

describe('the published float model', async () => {
  const published: PublishedCalibration = JSON.parse(
    readFileSync(new URL('calibration.json', golden), 'utf8'),
  );
  const model = await readKerasModel(readFileSync(new URL(published.model, golden)));
  const validation = validationImages();

  test('has its published loss and counts', () => {
    const onValidation = evaluateModel(model, validation, { engine: 'float' });
    expect(model.stage).toBe('float');
    expect(onValidation.correct).toBe(published.validationCorrect);
    expect(Math.abs(onValidation.loss - published.validationLoss)).toBeLessThan(1e-6);
    expect(evaluateModel(model, testImages(), { engine: 'float' }).correct).toBe(published.testCorrect);
  });

  test('calibrates to the published scales, to a relative 1e-5', () => {
    const { program, parameters } = model;
    const before = parameters.slice();
    const calibrated = calibrate(program, parameters, validation.images);
    expect(parameters).toEqual(before);
    expect(calibrationImages).toBe(published.validationImages);
    const weighted = program.ops.filter((op) => 'kernel' in op);
    expect(weighted.length).toBe(published.scales.length);
    for (const [i, op] of weighted.entries()) {
      const scale = (slot: { readonly offset: number }): number => 2 ** calibrated[slot.offset]!;
      const expected = published.scales[i]!;
      expect(Math.abs(scale(op.weightThreshold) / expected.weight - 1)).toBeLessThan(1e-5);
      expect(Math.abs(scale(op.biasThreshold) / expected.bias - 1)).toBeLessThan(1e-5);
      expect(Math.abs(scale(op.quantizer.threshold!) / expected.activation - 1)).toBeLessThan(1e-5);
      for (const { offset, length } of [op.kernel, op.bias]) {
        const copied = calibrated.subarray(offset, offset + length);
        expect(copied).toEqual(parameters.subarray(offset, offset + length));
      }
    }
  });
});

describe('calibration', () => {
  const input = { rows: 4, cols: 4, channels: 2 };
  const image = Uint8Array.from({ length: 32 }, (_, i) => (i * 37) % 256);

  function lower(network: string): Program {
    return lowerNetwork(parseNetwork(network), input);
  }

  function thresholds(program: Program, parameters: Float32Array, kind: string): number[] {
    const slots = program.slots.filter((slot) => slot.kind === kind);
    return slots.map(({ offset }) => parameters[offset]!);
  }

  function filled(program: Program): Float32Array {
    return Float32Array.from({ length: program.parameterCount }, (_, i) => Math.sin(i));
  }

  test("R takes both activation scales from the block's output, DSC one from each half", () => {
    const residual = lower('R S(2)');
    const calibrated = calibrate(residual, filled(residual), image);
    const [first, second, logits] = thresholds(residual, calibrated, 'activationThreshold');
    expect(first).toBe(second);
    expect(second).not.toBe(logits);
    const [weight1, weight2] = thresholds(residual, calibrated, 'weightThreshold');
    expect(weight1).not.toBe(weight2);

    const separable = lower('DSC(3,3x3) S(2)');
    const scales = thresholds(
      separable,
      calibrate(separable, filled(separable), image),
      'activationThreshold',
    );
    expect(new Set(scales).size).toBe(3);
  });

  test('N and Q keep threshold 0, whatever they held', () => {
    const program = lower('N(0.5) C(2,3x3) Q(4) S(2)');
    const calibrated = calibrate(program, filled(program), image);
    const [noise, convolution, quantizer] = thresholds(program, calibrated, 'activationThreshold');
    expect([noise, quantizer]).toEqual([0, 0]);
    expect(convolution).not.toBe(0);
  });

  test('weights, biases and signed or unsigned outputs, by hand', () => {
    const program = lowerNetwork(parseNetwork('F(2) S(3)'), { rows: 1, cols: 1, channels: 1 });
    const parameters = new Float32Array(program.parameterCount);
    // F gives max(0, x - 3) = 0 and 4 x + 0.5; S gives minus that, half of it, and 1/4 of it.
    parameters.set([1, 4, -3, 0.5]);
    parameters.set([0, 0, 0, -1, 0.5, 0.25, 0, 0, 0], 7);
    const images = Uint8Array.of(0, 128);
    const scales = calibrate(program, parameters, images).map((t) => 2 ** t);
    const at = (kind: string): number[] =>
      program.slots.filter((slot) => slot.kind === kind).map(({ offset }) => scales[offset]!);
    const near = (values: number[]) => values.map((value) => expect.closeTo(value, 5));
    expect(at('weightThreshold')).toEqual(near([1 + 3 * 0.98, 0.9]));
    expect(at('biasThreshold')).toEqual(near([6.2, 0.2]));
    // F's positive outputs are 0.5 and 2.5; S's six outputs run from -2.5 to 1.25.
    expect(at('activationThreshold')).toEqual(near([0.5 + 2 * 0.98, 2.5 - 2 * 0.1]));
  });

  test('only the first 128 images count', () => {
    const program = lower('C(2,3x3) S(2)');
    const images = Uint8Array.from({ length: 32 * 130 }, (_, i) => (i * i) % 251);
    const changed = images.slice();
    changed.fill(255, 32 * 128);
    const parameters = filled(program);
    expect(calibrate(program, parameters, changed)).toEqual(calibrate(program, parameters, images));
    changed.fill(255, 32 * 127);
    expect(calibrate(program, parameters, changed)).not.toEqual(calibrate(program, parameters, images));
  });

  test('a layer that is dead, or whose weights are zeros, keeps scale 1', () => {
    const program = lower('C(2,3x3) S(2)');
    const calibrated = calibrate(program, new Float32Array(program.parameterCount), image);
    expect(thresholds(program, calibrated, 'activationThreshold')).toEqual([0, 0]);
    expect(thresholds(program, calibrated, 'weightThreshold')).toEqual([0, 0]);
    expect(thresholds(program, calibrated, 'biasThreshold')).toEqual(
      Array(2).fill(Math.fround(Math.log2(0.2))),
    );
  });

  test('refuses to work without images', () => {
    const program = lower('S(2)');
    expect(() => calibrate(program, filled(program), new Uint8Array(31))).toThrow(
      'calibration got 31 pixels; expected at least one image of 32',
    );
  });
});

test('percentiles interpolate linearly between places', () => {
  const sorted = Float64Array.of(1, 2, 4, 8, 16);
  expect([0, 2, 25, 37.5, 98, 100].map((p) => percentile(sorted, p))).toEqual([
    1,
    expect.closeTo(1.08, 12),
    2,
    3,
    expect.closeTo(15.36, 12),
    16,
  ]);
  expect(percentile(Float64Array.of(3), 98)).toBe(3);
  expect(percentileMagnitude([-10, 0, 1, 2], 2)).toBeCloseTo(9.4, 12);
  expect(percentileMagnitude([], 2)).toBe(0);
});
