import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NetworkError, parseNetwork, printNetwork, toJson } from '../../src/index.ts';
import { anyLayer } from './arbitrary-network.ts';
import { networkErrorOf } from './network-error-of.ts';

const reference = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
const referenceJson = [
  ['A', 2, 4],
  ['C', 5, 3, 3, 1, 1, 4, 8, 4],
  ['C', 8, 3, 3, 1, 1, 4, 8, 4],
  ['C', 11, 3, 3, 1, 1, 4, 8, 4],
  ['M', 2, 4],
  ['D', 0.1, 4],
  ['S', 10, 4, 8, 8],
];

const jsonOf = (source: string) => toJson(parseNetwork(source));

describe('parseNetwork', () => {
  it('reads the reference network with its default bits', () => {
    expect(jsonOf(reference)).toEqual(referenceJson);
  });

  it('reads the JSON form, as values and as text', () => {
    expect(toJson(parseNetwork(referenceJson))).toEqual(referenceJson);
    expect(jsonOf(` ${JSON.stringify(referenceJson)}`)).toEqual(referenceJson);
  });

  it('reads every code, size, stride and bit width of the compact form', () => {
    expect(
      jsonOf('C(5,3) CN(6,3x5) T(2,3x1/2)@w2 DSC(7,5x3/2x1)@b6a3 R R()@a5 F(16)@w2b7a6 S(10)@a16'),
    ).toEqual([
      ['C', 5, 3, 3, 1, 1, 4, 8, 4],
      ['CN', 6, 3, 5, 1, 1, 4, 8, 4],
      ['T', 2, 3, 1, 2, 2, 2, 8, 4],
      ['DSC', 7, 5, 3, 2, 1, 4, 6, 3],
      ['R', 4, 8, 4],
      ['R', 4, 8, 5],
      ['F', 16, 2, 7, 6],
      ['S', 10, 4, 8, 16],
    ]);
    expect(jsonOf('N(0.25) N(0,3) N(1e-3)@a2 Q Q() Q(7) Q@a5 A(2)@a3 M(2)@a4 D(0.5)@a6 M( 2 , 5 )')).toEqual([
      ['N', 0.25, 4],
      ['N', 0, 3],
      ['N', 0.001, 2],
      ['Q', 4],
      ['Q', 4],
      ['Q', 7],
      ['Q', 5],
      ['A', 2, 3],
      ['M', 2, 4],
      ['D', 0.5, 6],
      ['M', 2, 5],
    ]);
  });

  it("gives A the next weighted layer's activation bits, M and D their input's", () => {
    expect(jsonOf('M(2) D(0.1) A(2) M(7) N(0.1,3) D(0.2) C(4,1)@a6 D(0) A(1) S(10)')).toEqual([
      ['M', 2, 8],
      ['D', 0.1, 8],
      ['A', 2, 6],
      ['M', 7, 6],
      ['N', 0.1, 3],
      ['D', 0.2, 3],
      ['C', 4, 1, 1, 1, 1, 4, 8, 6],
      ['D', 0, 6],
      ['A', 1, 8],
      ['S', 10, 4, 8, 8],
    ]);
    expect(jsonOf('A(2)')).toEqual([['A', 2, 4]]);
  });

  it('reads the short JSON form of every convolution', () => {
    for (const code of ['C', 'CN', 'T', 'DSC']) {
      expect(toJson(parseNetwork([[code, 8, 3, 2, 7, 5]]))).toEqual([[code, 8, 3, 3, 1, 1, 2, 7, 5]]);
    }
  });

  it('prints compactly with bits, and reads back what it printed', () => {
    expect(printNetwork(parseNetwork(reference))).toBe(
      'A(2,4) C(5,3x3)@w4b8a4 C(8,3x3)@w4b8a4 C(11,3x3)@w4b8a4 M(2,4) D(0.1,4) S(10)@w4b8a8',
    );
    expect(printNetwork(parseNetwork('T(2,3x1/2x1) R Q N(0.5)'))).toBe(
      'T(2,3x1/2x1)@w4b8a4 R@w4b8a4 Q(4) N(0.5,4)',
    );
    fc.assert(
      fc.property(fc.array(anyLayer, { minLength: 1, maxLength: 8 }), (layers) => {
        expect(parseNetwork(printNetwork(layers))).toEqual(layers);
        expect(parseNetwork(toJson(layers))).toEqual(layers);
        expect(parseNetwork(JSON.stringify(toJson(layers)))).toEqual(layers);
      }),
      { numRuns: 300 },
    );
  });

  it('answers any text or JSON with layers or a NetworkError', () => {
    const alphabet = fc.constantFrom(...'ACDSQRTMNFx/@(),.0123456789 wba[]"-e');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: alphabet }), fc.string(), fc.json()), (text) => {
        try {
          expect(parseNetwork(text).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(NetworkError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['', 'the network has 0 layers; expected 1 to 256 layers'],
    ['[]', 'the network has 0 layers; expected 1 to 256 layers'],
    ['Q '.repeat(257), 'the network has 257 layers; expected 1 to 256 layers'],
    ['A(2) X(3)', 'layer 2: code is "X"; expected one of A, C, CN, T, DSC, R, M, F, S, D, N, Q'],
    ['A(2) c(5,3)', 'layer 2: code is "c"; expected one of A, C, CN, T, DSC, R, M, F, S, D, N, Q'],
    ['A(2)C(5,3)', 'layer 1: layer is "A(2)C(5,3)"; expected a layer such as C(5,3x3)@w4b8a4'],
    ['Q (4', 'layer 2: layer is "(4"; expected a layer such as C(5,3x3)@w4b8a4'],
    [
      'C(5)',
      "layer 1, C: can't read C(5); expected C(filters,kernel) or C(filters,kernel/stride), such as C(5,3x3/2)",
    ],
    [
      'C(5,3,4)',
      "layer 1, C: can't read C(5,3,4); expected C(filters,kernel) or C(filters,kernel/stride), such as C(5,3x3/2)",
    ],
    ['R(3)', "layer 1, R: can't read R(3); expected R or R@w4b8a4"],
    ['D', "layer 1, D: can't read D; expected D(rate) or D(rate,bits)"],
    ['F(ten)', "layer 1, F: can't read F(ten); expected F(units)"],
    ['A(2,4)@a4', 'layer 1, A: A(2,4)@a4 names its bits twice; expected them once, in the list or after @'],
    ['M(2)@w4', 'layer 1, M: bits is "@w4"; expected bits such as @a4'],
    ['S(10)@', 'layer 1, S: bits is "@"; expected bits such as @w4b8a4'],
    ['S(10)@a8w4', 'layer 1, S: bits is "@a8w4"; expected bits such as @w4b8a4'],
    ['C(0,3)', 'layer 1, C: filters is 0; expected a whole number from 1 to 65536'],
    ['C(2.5,3)', 'layer 1, C: filters is 2.5; expected a whole number from 1 to 65536'],
    ['C(5,3/0)', 'layer 1, C: strideRows is 0; expected a whole number from 1 to 1024'],
    ['S(10)@w33', 'layer 1, S: weightBits is 33; expected a whole number from 1 to 32'],
    ['D(1)', 'layer 1, D: rate is 1; expected a number of at least 0 and below 1'],
    ['D(-0.1)', "layer 1, D: can't read D(-0.1); expected D(rate) or D(rate,bits)"],
    ['[1]', 'layer 1: layer is 1; expected a list such as ["M", 2, 4]'],
    ['[["M",2]]', 'layer 1, M: has 1 field; expected pool, activationBits'],
    ['[["M",2,"4"]]', 'layer 1, M: activationBits is "4"; expected a whole number from 1 to 32'],
    ['[["D",null,4]]', 'layer 1, D: rate is null; expected a number of at least 0 and below 1'],
    [
      '[["toString",2]]',
      'layer 1: code is "toString"; expected one of A, C, CN, T, DSC, R, M, F, S, D, N, Q',
    ],
    ['[["M",2', 'network is "[[\\"M\\",2"; expected valid JSON'],
  ])('refuses %j', (source, message) => {
    expect(networkErrorOf(() => parseNetwork(source)).message).toBe(message);
  });

  it('names the layer, the field, the value and what was expected', () => {
    const error = networkErrorOf(() =>
      parseNetwork([
        ['Q', 4],
        ['D', Number.NaN, 4],
      ]),
    );
    expect(error).toMatchObject({
      layer: 1,
      code: 'D',
      field: 'rate',
      value: Number.NaN,
      name: 'NetworkError',
    });
    expect(error.message).toBe('layer 2, D: rate is NaN; expected a number of at least 0 and below 1');
  });

  it('refuses lists nested too deep to be shown', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(() => parseNetwork(deep)).toThrow(NetworkError);
    expect(() => parseNetwork([['A', deep, 4]])).toThrow(NetworkError);
  });

  it('refuses what is no network at all', () => {
    expect(() => parseNetwork({} as never)).toThrow('network is {}; expected a list of layers');
    expect(() => parseNetwork([['C', 1, 2] as never])).toThrow('layer 1, C: has 2 fields; expected filters,');
  });
});
