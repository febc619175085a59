import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isStrategy,
  layerCosts,
  lowerNetwork,
  type ParameterKind,
  parseNetwork,
  type Shape,
  type Strategy,
  storageReport,
  storageTotals,
  strategies,
} from '../../src/index.ts';
import { validNetwork } from '../network/arbitrary-network.ts';

const mnist = { rows: 28, cols: 28, channels: 1 };
const totals = (source: string, strategy: Strategy = 'herringbone', input: Shape = mnist) =>
  storageTotals(parseNetwork(source), input, strategy);

interface GoldenEntry {
  readonly layers: unknown[][];
  readonly strategy: Strategy;
  readonly weightBytes: number;
  readonly activationBytes: number;
}

describe('storage model', () => {
  it('reproduces all 236 published figures to the half byte', () => {
    const golden = JSON.parse(
      readFileSync(new URL('../golden/storage.json', import.meta.url), 'utf8'),
    ) as GoldenEntry[];
    expect(golden.length).toBe(236);
    const ours = golden.map(({ layers, strategy }) => {
      const { weightBytes, activationBytes } = storageReport(parseNetwork(layers), mnist, strategy);
      return { layers, strategy, weightBytes, activationBytes };
    });
    expect(ours).toEqual(golden);
  });

  it('gives the reference network 1947 bytes', () => {
    expect(totals('A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)')).toEqual({
      weightBytes: 1512.5,
      activationBytes: 434.5,
      totalBytes: 1947,
    });
  });

  it('breaks the figures down by layer and names the peak', () => {
    const report = storageReport(
      parseNetwork('A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)'),
      mnist,
      'normal',
    );
    expect(report.peakLayer).toBe(2);
    expect(report.layers.map(({ weightBytes, liveBytes }) => [weightBytes, liveBytes])).toEqual([
      [0, 98],
      [27.5, (12 * (12 * 5 - 14) + 3) / 2 + 98],
      [188, (10 * (10 * 8 - 12 * 5) + 15) / 2 + 360],
      [407, (8 * (8 * 11 - 10 * 8) + 24) / 2 + 400],
      [0, 88],
      [0, 0],
      [890, 10 + 8 + 88],
    ]);
    expect(report.layers.at(-1)!.output).toEqual({ rows: 1, cols: 1, channels: 10 });
  });

  it('answers -1 where a layer shrinks an axis to nothing', () => {
    const report = storageReport(parseNetwork('A(4,4) C(8,5x5) C(8,5x5) S(10)'), mnist, 'normal');
    expect(report).toMatchObject({ weightBytes: -1, activationBytes: -1, totalBytes: -1, peakLayer: null });
    expect(report.layers.length).toBe(2);
    expect(totals('T(1,29x1) S(10)').totalBytes).toBe(-1);
  });

  it('counts networks that lowering refuses', () => {
    const odd = storageReport(parseNetwork('M(3,2) C(4,1)@w32b32a2 D(0.1,16) F(2)'), mnist, 'normal');
    expect(odd.layers[0]).toMatchObject({ output: { rows: 10, cols: 10, channels: 1 }, liveBytes: 25 });
    expect(odd.layers[1]!.weightBytes).toBe(4 * 4 + 4 * 4);
    const inputs = 10 * 10 * 4;
    expect(odd.layers[3]!.liveBytes).toBe(1 + (9 * 2 * 4) / 8 + inputs * 2);
  });

  it("takes R's rows, T's multiplier and strides as the model says", () => {
    const report = storageReport(
      parseNetwork('A(2,4) T(3,3x1/2)@w2b8a4 R C(8,2x3/2x1) S(3)'),
      mnist,
      'herringbone',
    );
    expect(report.layers.slice(1, 4)).toEqual([
      { output: { rows: 6, cols: 7, channels: 3 }, weightBytes: 9 / 4 + 3, liveBytes: 98 },
      { output: { rows: 6, cols: 7, channels: 3 }, weightBytes: 18 * 4.5 + 6, liveBytes: 23 / 2 + 63 },
      { output: { rows: 3, cols: 5, channels: 8 }, weightBytes: 72 + 8, liveBytes: 9 / 2 + 63 },
    ]);
  });

  it('counts strided convolutions by how far their output outgrows their input', () => {
    const input = { rows: 8, cols: 8, channels: 1 };
    const slack = (filters: number, strategy: Strategy) => {
      const layers = parseNetwork(`A(1,8) C(${filters},2x2/2x1)@a8`);
      return storageReport(layers, input, strategy).layers[1]!.liveBytes - 64;
    };
    for (const strategy of ['normal', 'transpose', 'herringbone'] as const) {
      expect([2, 3, 9].map((filters) => slack(filters, strategy))).toEqual([
        0,
        4 * 7 * 3 - 64 + 2,
        4 * 7 * 9 - 64 + 2,
      ]);
    }
    expect([2, 9].map((filters) => slack(filters, 'naive'))).toEqual([2 * 7 * 2, 2 * 7 * 9]);
  });

  it('weighs exactly the kernels and biases that lowering lays out', () => {
    fc.assert(
      fc.property(validNetwork, ({ layers, input }) => {
        const { slots } = lowerNetwork(layers, input);
        const report = storageReport(layers, input, 'naive');
        for (const [index, layer] of layers.entries()) {
          const sizes = (wanted: ParameterKind) =>
            slots
              .filter((slot) => slot.layer === index && slot.kind === wanted)
              .reduce((sum, { length }) => sum + length, 0);
          const bits = 'weightBits' in layer ? layer : { weightBits: 0, biasBits: 0 };
          const expected = (sizes('kernel') * bits.weightBits + sizes('bias') * bits.biasBits) / 8;
          expect(report.layers[index]!.weightBytes).toBe(expected);
        }
      }),
    );
  });

  it('follows the shapes of lowering, and its totals follow its layers', () => {
    fc.assert(
      fc.property(validNetwork, anyStrategy, ({ layers, input }, strategy) => {
        const report = storageReport(layers, input, strategy);
        expect(report.layers.map(({ output }) => output)).toEqual(
          layerCosts(lowerNetwork(layers, input)).map(({ output }) => output),
        );
        expect(report.weightBytes).toBe(report.layers.reduce((sum, row) => sum + row.weightBytes, 0));
        expect(report.activationBytes).toBe(Math.max(...report.layers.map((row) => row.liveBytes)));
        expect(report.layers[report.peakLayer!]!.liveBytes).toBe(report.activationBytes);
        expect(report.totalBytes).toBe(report.weightBytes + report.activationBytes);
        expect(storageTotals(layers, input, strategy).totalBytes).toBe(report.totalBytes);
      }),
    );
  });

  it('holds both maps when naive, the input alone where channels do not grow, and in rows no more than both', () => {
    fc.assert(
      fc.property(convolution, (map) => {
        const bytesOf = (rows: number, cols: number, channels: number) => (rows * cols * channels * 4) / 8;
        const held = bytesOf(map.input.rows, map.input.cols, map.input.channels);
        const out = bytesOf(map.input.rows - map.rows + 1, map.input.cols - map.cols + 1, map.filters);
        const live = (strategy: Strategy) => liveOf(map, strategy);
        expect(live('naive')).toBe(held + out);
        expect(live('normal')).toBeLessThanOrEqual(held + out);
        expect(live('herringbone')).toBeGreaterThanOrEqual(held);
        if (map.filters <= map.input.channels) {
          for (const strategy of ['normal', 'transpose', 'herringbone'] as const)
            expect(live(strategy)).toBe(held);
        }
      }),
    );
  });

  it('costs the same with rows and columns exchanged', () => {
    fc.assert(
      fc.property(convolution, anyStrategy, (map, strategy) => {
        const { input, rows, cols, filters } = map;
        const lean = ((rows - cols) * input.channels) / (filters - input.channels);
        fc.pre(input.cols - cols + lean !== input.rows - rows);
        const turned = { rows: input.cols, cols: input.rows, channels: input.channels };
        expect(liveOf({ input: turned, rows: cols, cols: rows, filters }, strategy)).toBe(
          liveOf(map, strategy),
        );
      }),
    );
  });

  it('knows its strategies', () => {
    expect(['naive', 'normal', 'transpose', 'herringbone'].every(isStrategy)).toBe(true);
    expect([undefined, '', 'Normal', 'toString'].some(isStrategy)).toBe(false);
  });
});

const anyStrategy = fc.constantFrom(...strategies);

interface Convolution {
  readonly input: Shape;
  readonly rows: number;
  readonly cols: number;
  readonly filters: number;
}

/** A stride-1 convolution that fits its input. */
const convolution: fc.Arbitrary<Convolution> = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    cols: fc.integer({ min: 1, max: 5 }),
    extraRows: fc.nat(12),
    extraCols: fc.nat(12),
    channels: fc.integer({ min: 1, max: 9 }),
    filters: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ rows, cols, extraRows, extraCols, channels, filters }) => ({
    input: { rows: rows + extraRows, cols: cols + extraCols, channels },
    rows,
    cols,
    filters,
  }));

/** Live bytes of the convolution with 4-bit activations before and after it. */
function liveOf({ input, rows, cols, filters }: Convolution, strategy: Strategy): number {
  return storageReport(parseNetwork(`A(1,4) C(${filters},${rows}x${cols})`), input, strategy).layers[1]!
    .liveBytes;
}
