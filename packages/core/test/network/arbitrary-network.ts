import fc from 'fast-check';
import type { Layer, LayerCode, Shape } from '../../src/index.ts';

const codes: readonly LayerCode[] = ['A', 'C', 'CN', 'T', 'DSC', 'R', 'M', 'F', 'S', 'D', 'N', 'Q'];
const whole = (max: number) => fc.integer({ min: 1, max });
const bits = { weightBits: whole(32), biasBits: whole(32), activationBits: whole(32) };
const activationBits = whole(32);
const window = {
  kernelRows: whole(1024),
  kernelCols: whole(1024),
  strideRows: whole(1024),
  strideCols: whole(1024),
};
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map(Math.abs);

/** Any one layer that can be written down, whether or not it fits anywhere. */
export const anyLayer: fc.Arbitrary<Layer> = fc.constantFrom(...codes).chain((code): fc.Arbitrary<Layer> => {
  switch (code) {
    case 'A':
    case 'M':
      return fc.record({ code: fc.constant(code), pool: whole(1024), activationBits });
    case 'C':
    case 'CN':
    case 'DSC':
      return fc.record({ code: fc.constant(code), filters: whole(65536), ...window, ...bits });
    case 'T':
      return fc.record({ code: fc.constant(code), multiplier: whole(65536), ...window, ...bits });
    case 'R':
      return fc.record({ code: fc.constant(code), ...bits });
    case 'F':
    case 'S':
      return fc.record({ code: fc.constant(code), units: whole(65536), ...bits });
    case 'D':
      return fc.record({ code: fc.constant(code), rate: fraction, activationBits });
    case 'N':
      return fc.record({ code: fc.constant(code), stddev: fraction, activationBits });
    case 'Q':
      return fc.record({ code: fc.constant(code), activationBits });
  }
});

interface Choice {
  readonly code: Exclude<LayerCode, 'S'>;
  readonly numbers: readonly number[];
}

const choice: fc.Arbitrary<Choice> = fc.record({
  code: fc.constantFrom(...codes.filter((code) => code !== 'S')),
  numbers: fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }),
});

/** A small network that fits its input and can be lowered, with every code but S anywhere and S at the end. */
export const validNetwork: fc.Arbitrary<{ layers: Layer[]; input: Shape }> = fc
  .record({
    input: fc.record({ rows: whole(12), cols: whole(12), channels: whole(3) }),
    choices: fc.array(choice, { maxLength: 5 }),
    units: whole(10),
    logitBits: whole(16),
  })
  .map(({ input, choices, units, logitBits }) => {
    const layers: Layer[] = [];
    let shape = input;
    let activations = 8;
    for (const { code, numbers } of choices) {
      const [layer, output] = fit(code, numbers, shape, activations);
      layers.push(layer);
      shape = output;
      activations = layer.activationBits;
    }
    layers.push({ code: 'S', units, weightBits: 4, biasBits: 8, activationBits: logitBits });
    return { layers, input };
  });

function fit(code: Choice['code'], numbers: readonly number[], shape: Shape, input: number): [Layer, Shape] {
  const [n0, n1, n2, n3, n4, n5, n6, n7] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const { rows, cols, channels } = shape;
  const weighted = { weightBits: 1 + (n5 % 8), biasBits: 1 + (n6 % 16), activationBits: 1 + (n7 % 8) };
  const view = {
    kernelRows: 1 + (n1 % Math.min(rows, 5)),
    kernelCols: 1 + (n2 % Math.min(cols, 5)),
    strideRows: 1 + (n3 % 3),
    strideCols: 1 + (n4 % 3),
  };
  const slid = (out: number): Shape => ({
    rows: Math.floor((rows - view.kernelRows) / view.strideRows) + 1,
    cols: Math.floor((cols - view.kernelCols) / view.strideCols) + 1,
    channels: out,
  });
  switch (code) {
    case 'A':
    case 'M': {
      const pools = [1, 2, 3, 4].filter((pool) => rows % pool === 0 && cols % pool === 0);
      const pool = pools[n0 % pools.length]!;
      const activationBits = code === 'M' ? input : weighted.activationBits;
      return [
        { code, pool, activationBits },
        { rows: rows / pool, cols: cols / pool, channels },
      ];
    }
    case 'C':
    case 'CN':
    case 'DSC': {
      const filters = 1 + (n0 % 6);
      return [{ code, filters, ...view, ...weighted }, slid(filters)];
    }
    case 'T': {
      const multiplier = 1 + (n0 % 2);
      return [{ code, multiplier, ...view, ...weighted }, slid(channels * multiplier)];
    }
    case 'R':
      return [{ code, ...weighted }, shape];
    case 'F': {
      const units = 1 + (n0 % 8);
      return [
        { code, units, ...weighted },
        { rows: 1, cols: 1, channels: units },
      ];
    }
    case 'D':
      return [{ code, rate: (n0 % 100) / 100, activationBits: input }, shape];
    case 'N':
      return [{ code, stddev: n0 / 1000, activationBits: weighted.activationBits }, shape];
    case 'Q':
      return [{ code, activationBits: weighted.activationBits }, shape];
  }
}
