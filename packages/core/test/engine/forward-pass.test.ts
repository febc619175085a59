import { createForwardPass, lowerNetwork, parseNetwork } from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outputsByDefinition } from './definition.ts';
import { randomNetworks } from './random-network.ts';

describe('the forward pass', () => {
  test('in float, every op gives what its definition says', () => {
    fc.assert(
      fc.property(randomNetworks, ({ program, parameters, images, imageCount }) => {
        const pass = createForwardPass(program, parameters, 'float');
        const size = images.length / imageCount;
        for (let i = 0; i < imageCount; i++) {
          const image = images.subarray(i * size, (i + 1) * size);
          pass.logits(image);
          const expected = outputsByDefinition(program, parameters, image);
          for (const [op, output] of pass.outputs.entries()) {
            const tolerance = 1e-9 * Math.max(1, ...expected[op]!.map(Math.abs));
            expect(output.length).toBe(expected[op]!.length);
            for (const [j, value] of output.entries()) {
              expect(Math.abs(value - expected[op]![j]!)).toBeLessThanOrEqual(tolerance);
            }
          }
        }
      }),
      { seed: 3, numRuns: 150 },
    );
  });

  test('quantizes weights, biases and outputs, each by its own threshold', () => {
    const program = lowerNetwork(parseNetwork('F(2)@w4b8a4 S(1)@w8b8a8'), { rows: 1, cols: 1, channels: 2 });
    const parameters = new Float32Array(program.parameterCount);
    // F: kernel [[0.3, 2], [-0.3, 0.125]] in steps of 1/8 up to 7/8; biases in steps of 1/256; outputs of 1/4.
    parameters.set([0.3, 2, -0.3, 0.125, 0.001, 0.4, 0, -1, 2]);
    // S: weight steps of 1/64, bias steps of 1/128, output steps of 1/32.
    parameters.set([1, 0.51, -0.3, 1, 0, 2], 9);
    const pass = createForwardPass(program, parameters, 'fake-quantized');
    const logits = pass.logits(Uint8Array.of(128, 64));
    const kernel = [0.25, 0.875, -0.25, 0.125];
    const hidden = [
      0.5 * kernel[0]! + 0.25 * kernel[2]! + 0,
      0.5 * kernel[1]! + 0.25 * kernel[3]! + 102 / 256,
    ];
    expect([...pass.outputs[0]!]).toEqual(hidden.map((value) => Math.round(value * 4) / 4));
    const sum = 0.25 * 1 + 0.75 * (33 / 64) - 38 / 128;
    expect(pass.outputs[0]).toEqual(Float64Array.of(0, 0.75));
    expect([...logits]).toEqual([Math.round((sum - 0.25) * 32) / 32]);
  });

  test('A rounds by floor at scale 1', () => {
    const program = lowerNetwork(parseNetwork('A(2,4) S(1)'), { rows: 2, cols: 2, channels: 1 });
    const pass = createForwardPass(program, new Float32Array(program.parameterCount), 'fake-quantized');
    pass.logits(Uint8Array.of(15, 16, 16, 16));
    expect(pass.outputs[0]![0]).toBe(0);
    pass.logits(Uint8Array.of(16, 16, 16, 16));
    expect(pass.outputs[0]![0]).toBe(1 / 16);
    pass.logits(new Uint8Array(4).fill(255));
    expect(pass.outputs[0]![0]).toBe(15 / 16);
  });
});
