import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elements,
  inputQuantizer,
  layerCosts,
  lowerNetwork,
  type ParameterSlot,
  type Program,
  parseNetwork,
} from '../../src/index.ts';
import { validNetwork } from './arbitrary-network.ts';
import { networkErrorOf } from './network-error-of.ts';

const mnist = { rows: 28, cols: 28, channels: 1 };
const lower = (source: string, input = mnist): Program => lowerNetwork(parseNetwork(source), input);
const layout = (program: Program) => program.slots.map(({ kind, op, shape }) => [kind, op, shape.join('x')]);

describe('lowerNetwork', () => {
  it('lowers the reference network to 3003 parameters', () => {
    const program = lower('A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)');
    expect(program.parameterCount).toBe(3003);
    expect(program.ops.map(({ kind, output }) => [kind, elements(output)])).toEqual([
      ['average-pool', 196],
      ['convolution', 720],
      ['convolution', 800],
      ['convolution', 704],
      ['max-pool', 176],
      ['dropout', 176],
      ['dense', 10],
    ]);
    expect(layout(program).slice(0, 6)).toEqual([
      ['kernel', 1, '3x3x1x5'],
      ['bias', 1, '5'],
      ['weightThreshold', 1, ''],
      ['biasThreshold', 1, ''],
      ['activationThreshold', 1, ''],
      ['kernel', 2, '3x3x5x8'],
    ]);
    expect(program.output).toEqual({ rows: 1, cols: 1, channels: 10 });
  });

  it('puts all kernels and biases of R and DSC before their thresholds', () => {
    const program = lower('R@w2b6a5 DSC(4,3x5/2x1)@w3b7a6 S(10)', { rows: 6, cols: 7, channels: 3 });
    const thresholds = (op: number) => [
      ['weightThreshold', op, ''],
      ['biasThreshold', op, ''],
      ['activationThreshold', op, ''],
    ];
    expect(layout(program)).toEqual([
      ['kernel', 0, '3x3x3x3'],
      ['bias', 0, '3'],
      ['kernel', 1, '3x3x3x3'],
      ['bias', 1, '3'],
      ...thresholds(0),
      ...thresholds(1),
      ['kernel', 2, '3x5x3x1'],
      ['bias', 2, '3'],
      ['kernel', 3, '1x1x3x4'],
      ['bias', 3, '4'],
      ...thresholds(2),
      ...thresholds(3),
      ['kernel', 4, '24x10'],
      ['bias', 4, '10'],
      ...thresholds(4),
    ]);
    expect(program.ops).toMatchObject([
      { kind: 'convolution', padding: 1, relu: true, skipFromInputOf: null, weightBits: 2, biasBits: 6 },
      {
        kind: 'convolution',
        padding: 1,
        relu: true,
        skipFromInputOf: 0,
        quantizer: { bits: 5, signed: false },
      },
      {
        kind: 'depthwise',
        multiplier: 1,
        strideRows: 2,
        strideCols: 1,
        quantizer: { bits: 6, signed: true },
      },
      {
        kind: 'convolution',
        kernelRows: 1,
        strideRows: 1,
        padding: 0,
        relu: true,
        quantizer: { signed: false },
      },
      { kind: 'dense', relu: false, quantizer: { bits: 8, signed: true } },
    ]);
    expect(program.ops[2]!.output).toEqual({ rows: 2, cols: 3, channels: 3 });
  });

  it('quantizes unsigned after a ReLU and signed elsewhere, A at a fixed scale by floor', () => {
    const program = lower('A(2,5) C(2,1) CN(2,1) T(3,1) F(4) N(0.5) Q S(10)');
    const quantizers = program.ops.map((op) => ('quantizer' in op ? op.quantizer : null));
    expect(quantizers.map((quantizer) => quantizer?.signed)).toEqual([
      false,
      false,
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    expect(quantizers[0]).toEqual({ bits: 5, signed: false, rounding: 'floor', threshold: null });
    expect(quantizers.slice(1).every((quantizer) => quantizer?.rounding === 'half-even')).toBe(true);
    expect(program.ops[3]).toMatchObject({ kind: 'depthwise', multiplier: 3, output: { channels: 6 } });
    expect(program.ops.slice(5, 7)).toMatchObject([{ stddev: 0.5 }, { stddev: 0 }]);
    expect(program.slots.filter(({ layer }) => layer === 5 || layer === 6).map(({ kind }) => kind)).toEqual([
      'activationThreshold',
      'activationThreshold',
    ]);
  });

  it('counts parameters, thresholds and multiply-accumulates by layer', () => {
    const costs = layerCosts(lower('A(2,4) C(5,3x3) M(2) DSC(6,3) R F(7) S(10)'));
    expect(costs.map(({ parameters, thresholds, macs }) => [parameters, thresholds, macs])).toEqual([
      [0, 0, 0],
      [50, 3, 12 * 12 * 9 * 5],
      [0, 0, 0],
      [5 * 10 + 6 * 6, 6, 4 * 4 * 5 * 9 + 4 * 4 * 5 * 6],
      [2 * (9 * 36 + 6), 6, 2 * 16 * 6 * 9 * 6],
      [97 * 7, 3, 96 * 7],
      [80, 3, 70],
    ]);
    expect(costs[1]).toMatchObject({ input: { rows: 14, channels: 1 }, output: { rows: 12, channels: 5 } });
  });

  it('lays out every valid network without gaps, each op fed by the one before', () => {
    fc.assert(
      fc.property(validNetwork, ({ layers, input }) => {
        const program = lowerNetwork(layers, input);
        let offset = 0;
        for (const slot of program.slots) {
          expect(slot.offset).toBe(offset);
          expect(slot.length).toBe(slot.shape.reduce((product, axis) => product * axis, 1));
          offset += slot.length;
        }
        expect(program.parameterCount).toBe(offset);
        expect(program.input).toBe(input);
        for (const [index, op] of program.ops.entries()) {
          expect(op.input).toEqual(index === 0 ? input : program.ops[index - 1]!.output);
          const slots = Object.values(op).filter(isSlot);
          expect(slots.every((slot) => slot.op === index && slot.layer === op.layer)).toBe(true);
          expect(slots.every((slot) => program.slots.includes(slot))).toBe(true);
        }
        const held = program.ops.flatMap((op) => [
          ...Object.values(op).filter(isSlot),
          ...('quantizer' in op && op.quantizer.threshold !== null ? [op.quantizer.threshold] : []),
        ]);
        expect(new Set(held).size).toBe(program.slots.length);
        const costs = layerCosts(program);
        expect(costs.reduce((sum, { parameters, thresholds }) => sum + parameters + thresholds, 0)).toBe(
          offset,
        );
      }),
    );
  });

  it.each([
    ['A(4) C(8,5x5) C(5,5x5) S(10)', 'layer 3, C: kernel 5x5 does not fit the 3x3 input'],
    ['T(1,29x1) S(10)', 'layer 1, T: kernel 29x1 does not fit the 28x28 input'],
    ['C(4,3x2) DSC(4,1x28) S(10)', 'layer 2, DSC: kernel 1x28 does not fit the 26x27 input'],
    ['F(9) CN(4,2x1) S(10)', 'layer 2, CN: kernel 2x1 does not fit the 1x1 input'],
    ['A(3) S(10)', 'layer 1, A: pool 3 does not divide the 28x28 input; expected a divisor of 28'],
    [
      'C(2,3x1) M(4) S(10)',
      'layer 2, M: pool 4 does not divide the 26x28 input; expected a divisor of 26 and 28',
    ],
    ['M(56) S(10)', 'layer 1, M: pool 56 does not divide the 28x28 input; expected a divisor of 28'],
    [
      'C(4,1) M(2,8) S(10)',
      'layer 2, M: activationBits is 8, but its input has 4 and M changes no values; expected 4',
    ],
    [
      'D(0.1,4) S(10)',
      'layer 1, D: activationBits is 4, but its input has 8 and D changes no values; expected 8',
    ],
    ['C(4,1) F(10)', 'the network has no S layer; expected one, as the last layer'],
    [
      'S(10) D(0.1)',
      'layer 1, S: S gives the logits and is followed by D; expected one S, as the last layer',
    ],
    ['S(10) S(10)', 'layer 1, S: S gives the logits and is followed by S; expected one S, as the last layer'],
    [
      'C(4,1)@w9 S(10)',
      'layer 1, C: weightBits is 9; expected a whole number from 1 to 8 (the storage model alone counts more)',
    ],
    [
      'S(10)@b17',
      'layer 1, S: biasBits is 17; expected a whole number from 1 to 16 (the storage model alone counts more)',
    ],
    [
      'Q(17) S(10)',
      'layer 1, Q: activationBits is 17; expected a whole number from 1 to 16 (the storage model alone counts more)',
    ],
    [
      'C(65536,1) S(10)',
      'layer 1, C: the network grows to 51380224 activations here; expected at most 16777216',
    ],
    [
      'F(65536) S(10)',
      'layer 1, F: the network grows to 51445763 parameters here; expected at most 16777216',
    ],
  ])('refuses %s', (source, message) => {
    expect(networkErrorOf(() => lower(source)).message).toBe(message);
  });

  it('refuses an impossible input and layers that never went through the parser', () => {
    const layers = parseNetwork('S(10)');
    expect(() => lowerNetwork(layers, { rows: 0, cols: 28, channels: 1 })).toThrow(
      'input rows is 0; expected a whole number from 1 to 4096',
    );
    expect(() => lowerNetwork([{ code: 'Z' } as never, ...layers], mnist)).toThrow(
      'layer 1: code is "Z"; expected one of',
    );
    expect(() => lowerNetwork([{ code: 'M', pool: 0, activationBits: 8 }, ...layers], mnist)).toThrow(
      'layer 1, M: pool is 0; expected a whole number from 1 to 1024',
    );
  });
});

describe('inputQuantizer', () => {
  it('walks through max pooling and dropout, down to the pixels', () => {
    const program = lower('M(2) D(0.1) A(2,5) D(0.2) CN(3,2) M(2) D(0.1) R S(10)');
    const [, , average, , convolution, , , first, second, logits] = program.ops;
    const pixels = { bits: 8, signed: false, rounding: 'half-even', threshold: null };
    expect([0, 1, 2].map((op) => inputQuantizer(program, op))).toEqual([pixels, pixels, pixels]);
    expect(inputQuantizer(program, 4)).toBe((average as { quantizer?: unknown }).quantizer);
    expect(inputQuantizer(program, 7)).toBe((convolution as { quantizer?: unknown }).quantizer);
    expect(inputQuantizer(program, 7)).toMatchObject({ signed: true, bits: 4 });
    expect(inputQuantizer(program, 8)).toBe((first as { quantizer?: unknown }).quantizer);
    expect(inputQuantizer(program, 9)).toBe((second as { quantizer?: unknown }).quantizer);
    expect(logits).toMatchObject({ kind: 'dense' });
  });
});

function isSlot(value: unknown): value is ParameterSlot {
  return typeof value === 'object' && value !== null && 'offset' in value;
}
