import {
  compileIntegerNetwork,
  createForwardPass,
  createIntegerEngine,
  type IntegerProgram,
  type Layer,
  lowerNetwork,
  NetworkError,
  parseNetwork,
  roundHalfEven,
  runInteger,
} from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RandomNetwork, randomNetworks } from './random-network.ts';

/** null where the accumulators could overflow: such a network is refused. */
function compileOrRefuse(network: RandomNetwork): IntegerProgram | null {
  try {
    return compileIntegerNetwork(network);
  } catch (error) {
    if (error instanceof NetworkError && error.field === 'accumulator') return null;
    throw error;
  }
}

function imagesOf({ images, imageCount }: RandomNetwork): Uint8Array[] {
  const size = images.length / imageCount;
  return Array.from({ length: imageCount }, (_, i) => images.subarray(i * size, (i + 1) * size));
}

describe('the integer engine', () => {
  test('equals the fake-quantized network, op for op, on random networks of every layer code', () => {
    const ran = new Map<string, number>();
    let refused = 0;
    let signedInputs = 0;
    let midRise = 0;
    let leftShifts = 0;
    fc.assert(
      fc.property(randomNetworks, (network) => {
        const integers = compileOrRefuse(network);
        if (integers === null) {
          refused++;
          return;
        }
        const { layers } = network.program;
        for (const code of new Set(layers.map((layer) => layer.code)))
          ran.set(code, (ran.get(code) ?? 0) + 1);
        for (const op of integers.ops) {
          if (op.inputValues.signed) signedInputs++;
          if (op.outputValues.midRise || ('weightBits' in op && op.weightBits <= 2)) midRise++;
          if ('requantization' in op && op.requantization.rightShift < 0) leftShifts++;
        }
        const pass = createForwardPass(network.program, network.parameters, 'fake-quantized');
        const engine = createIntegerEngine(integers, 'quantized');
        for (const image of imagesOf(network)) {
          pass.logits(image);
          engine.logits(image);
          for (const [i, { outputValues }] of integers.ops.entries()) {
            const unit = 2 ** outputValues.unitExponent;
            const values = Array.from(engine.activations[i]!, (integer) => integer * unit + 0);
            expect(values).toEqual(Array.from(pass.outputs[i]!, (value) => value + 0));
          }
        }
      }),
      { seed: 1, numRuns: 400 },
    );
    const codes = ['A', 'C', 'CN', 'T', 'DSC', 'R', 'M', 'F', 'S', 'D', 'N', 'Q'];
    for (const code of codes) expect(ran.get(code) ?? 0, code).toBeGreaterThanOrEqual(40);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(100);
    expect(Math.min(signedInputs, midRise, leftShifts)).toBeGreaterThan(50);
  });

  test('the quantized logits are the 16-bit ones requantized, where those do not saturate', () => {
    let compared = 0;
    fc.assert(
      fc.property(randomNetworks, (network) => {
        const integers = compileOrRefuse(network);
        if (integers === null) return;
        const sums = createIntegerEngine(integers, 'sums');
        const quantized = createIntegerEngine(integers, 'quantized');
        const { midRise, lowest, highest } = integers.ops.at(-1)!.outputValues;
        for (const image of imagesOf(network)) {
          const exact = sums.logits(image);
          for (const [i, logit] of quantized.logits(image).entries()) {
            const sum = exact[i]!;
            if (sum <= -32768 || sum >= 32767) continue;
            const steps = (sum * sums.logitUnit) / quantized.logitUnit;
            const level = midRise ? 2 * Math.floor(steps / 2) + 1 : roundHalfEven(steps);
            expect(logit).toBe(Math.min(Math.max(level, lowest), highest) + 0);
            compared++;
          }
        }
      }),
      { seed: 2, numRuns: 200 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  test('saturates logits at 16 bits', () => {
    const program = lowerNetwork(parseNetwork('S(2)@w8b16a8'), { rows: 1, cols: 1, channels: 4 });
    // Sums of 4 x 255 x 127 = 129540 and -130560 units; the bias, of the same unit, is 0.
    const parameters = Float32Array.of(2, -2, 2, -2, 2, -2, 2, -2, 0, 0, 0, 0, 0);
    const pixelUnit = -8;
    const weightUnit = -7;
    parameters[11] = pixelUnit + weightUnit + 15;
    const result = runInteger(compileIntegerNetwork({ program, parameters }), new Uint8Array(4).fill(255));
    expect([...result.logits]).toEqual([32767, -32768]);
    expect(result.class).toBe(0);
  });

  test('refuses an image of another size', () => {
    const program = lowerNetwork(parseNetwork('S(2)'), { rows: 2, cols: 2, channels: 1 });
    const integers = compileIntegerNetwork({ program, parameters: new Float32Array(program.parameterCount) });
    expect(() => runInteger(integers, new Uint8Array(5))).toThrow('the image has 5 pixels; expected 4');
    const pass = createForwardPass(program, new Float32Array(program.parameterCount), 'float');
    expect(() => pass.logits(new Uint8Array(3))).toThrow('the image has 3 pixels; expected 4');
  });
});

describe('32-bit accumulators', () => {
  /** `pixels` pixels into one logit, all weights at their largest, with the bias far finer than the products. */
  function widest(pixels: number, biasThreshold: number) {
    const layers: Layer[] = [{ code: 'S', units: 1, weightBits: 8, biasBits: 8, activationBits: 8 }];
    const program = lowerNetwork(layers, { rows: 1, cols: pixels, channels: 1 });
    const parameters = new Float32Array(program.parameterCount).fill(9, 0, pixels);
    parameters[program.slots.find(({ kind }) => kind === 'biasThreshold')!.offset] = biasThreshold;
    return { program, parameters };
  }

  test('a network that could overflow them is refused, naming the layer; one step below it runs', () => {
    // 64 x 255 x 127 = 2072640 < 2^21, ten places to the left: just within 31 bits.
    const fits = compileIntegerNetwork(widest(64, -18)).ops[0]!;
    expect(fits).toMatchObject({ accumulatorShift: 10, highestSum: 64 * 255 * 127 * 2 ** 10 });
    expect(() => compileIntegerNetwork(widest(64, -19))).toThrow(
      /^layer 1, S: some input drives a sum to 4244766720, which overflows a 32-bit accumulator/,
    );
    expect(() => compileIntegerNetwork(widest(67, -18))).toThrow(NetworkError);
  });

  test('sums reach the bounds on the worst image, and no image passes them', () => {
    const weights = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
    const biases = fc.float({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(weights, biases, fc.infiniteStream(fc.nat(255)), (kernel, bias, noise) => {
        const program = lowerNetwork(parseNetwork('S(1)'), { rows: 1, cols: kernel.length, channels: 1 });
        const parameters = Float32Array.of(...kernel, bias, 0, 0, 0);
        const integers = compileIntegerNetwork({ program, parameters });
        const [op] = integers.ops;
        if (op?.kind !== 'dense') throw new Error('S lowers to a dense op');
        const sumOf = (image: ArrayLike<number>): number => {
          const products = op.kernel.reduce((sum, weight, i) => sum + weight * image[i]!, 0);
          return products * 2 ** op.accumulatorShift + op.bias[0]! * 2 ** op.biasShift;
        };
        const brightest = Array.from(op.kernel, (weight) => (weight > 0 ? 255 : 0));
        expect(sumOf(brightest)).toBe(op.highestSum);
        const random = [...noise.take(kernel.length)];
        expect(sumOf(random)).toBeLessThanOrEqual(op.highestSum);
        expect(sumOf(random)).toBeGreaterThanOrEqual(op.lowestSum);
        const logit = runInteger(integers, Uint8Array.from(random)).logits[0]!;
        expect(logit).toBe(Math.min(Math.max(sumOf(random), -32768), 32767));
      }),
    );
  });
});
