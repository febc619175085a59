import {
  compileIntegerNetwork,
  createModel,
  elements,
  type IntegerProgram,
  type Layer,
  lowerNetwork,
  type Model,
  NetworkError,
  type Shape,
  type Strategy,
  strategies,
} from '@bitkiln/core';
import fc from 'fast-check';

const codes = ['A', 'C', 'CN', 'T', 'DSC', 'R', 'M', 'F', 'D', 'N', 'Q'] as const;
const whole = (min: number, max: number) => fc.integer({ min, max });

/** Mostly the widths of the published networks, sometimes any other. */
const activationBits = fc.oneof(
  { weight: 5, arbitrary: fc.constant(4) },
  { weight: 3, arbitrary: fc.constantFrom(1, 2, 8) },
  { weight: 2, arbitrary: whole(1, 16) },
);
const weightBits = fc.oneof({ weight: 3, arbitrary: fc.constant(4) }, { weight: 2, arbitrary: whole(1, 8) });
const biasBits = fc.oneof({ weight: 3, arbitrary: fc.constant(8) }, { weight: 1, arbitrary: whole(1, 16) });

interface Choice {
  readonly code: (typeof codes)[number];
  readonly bits: { readonly weightBits: number; readonly biasBits: number; readonly activationBits: number };
  readonly numbers: readonly number[];
}

const choice: fc.Arbitrary<Choice> = fc.record({
  code: fc.constantFrom(...codes),
  bits: fc.record({ weightBits, biasBits, activationBits }),
  numbers: fc.array(fc.nat(10_000), { minLength: 6, maxLength: 6 }),
});

/** A small network of the language with random parameters, and the strategy to run it by. */
export interface RandomModel {
  readonly model: Model;
  readonly program: IntegerProgram;
  readonly strategy: Strategy;
}

const seedOfParameters = fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true }));

export const randomModel: fc.Arbitrary<RandomModel> = fc
  .record({
    input: fc.record({ rows: whole(1, 14), cols: whole(1, 14), channels: whole(1, 3) }),
    choices: fc.array(choice, { maxLength: 5 }),
    units: whole(1, 10),
    logits: fc.record({ weightBits, biasBits, activationBits: fc.constantFrom(8, 16) }),
    strategy: fc.constantFrom(...strategies),
    numbers: seedOfParameters,
  })
  .map(({ input, choices, units, logits, strategy, numbers }) => {
    const layers: Layer[] = [];
    let shape = input;
    let bits = 8;
    for (const each of choices) {
      const [layer, output] = fit(each, shape, bits);
      layers.push(layer);
      shape = output;
      bits = layer.activationBits;
    }
    layers.push({ code: 'S', units, ...logits });
    return toModel(layers, input, strategy, numbers);
  })
  .filter((made) => made !== null);

function toModel(
  layers: Layer[],
  input: Shape,
  strategy: Strategy,
  numbers: Iterator<number>,
): RandomModel | null {
  const next = (): number => numbers.next().value;
  const { slots, parameterCount, ops } = lowerNetwork(layers, input);
  const parameters = new Float32Array(parameterCount);
  for (const { kind, op, offset, length } of slots) {
    const { input: map, output } = ops[op]!;
    // About as large as a sum grows with the number of its terms, so that few activations are 0 or clipped.
    const growth = Math.log2(elements(map) / Math.max(1, map.rows * map.cols) + output.channels) / 2;
    for (let i = 0; i < length; i++) {
      if (kind === 'kernel' || kind === 'bias') parameters[offset + i] = next();
      else parameters[offset + i] = 1.5 * next() + (kind === 'activationThreshold' ? growth : 0);
    }
  }
  const model = createModel({ layers, input, parameters, stage: 'frozenScales', provenance: null });
  try {
    return { model, program: compileIntegerNetwork(model), strategy };
  } catch (error) {
    // Some widths and scales overflow an accumulator: such networks are refused before they reach C.
    if (error instanceof NetworkError) return null;
    throw error;
  }
}

function fit({ code, bits, numbers }: Choice, shape: Shape, inputBits: number): [Layer, Shape] {
  const { rows, cols, channels } = shape;
  const pick = (i: number, from: number, to: number): number =>
    from + (numbers[i]! % Math.max(1, to - from + 1));
  const strided = numbers[5]! % 3 === 0;
  const window = {
    kernelRows: pick(0, 1, Math.min(rows, 4)),
    kernelCols: pick(1, 1, Math.min(cols, 4)),
    strideRows: strided ? pick(2, 1, 3) : 1,
    strideCols: strided ? pick(3, 1, 3) : 1,
  };
  const slid = (out: number): Shape => ({
    rows: Math.floor((rows - window.kernelRows) / window.strideRows) + 1,
    cols: Math.floor((cols - window.kernelCols) / window.strideCols) + 1,
    channels: out,
  });
  switch (code) {
    case 'A':
    case 'M': {
      const pools = [1, 2, 3, 4, 5, 7].filter((pool) => rows % pool === 0 && cols % pool === 0);
      const pool = pools[numbers[0]! % pools.length]!;
      const activationBits = code === 'M' ? inputBits : bits.activationBits;
      return [
        { code, pool, activationBits },
        { rows: rows / pool, cols: cols / pool, channels },
      ];
    }
    case 'C':
    case 'CN':
    case 'DSC': {
      const filters = pick(4, 1, 12);
      return [{ code, filters, ...window, ...bits }, slid(filters)];
    }
    case 'T': {
      const multiplier = pick(4, 1, 3);
      return [{ code, multiplier, ...window, ...bits }, slid(channels * multiplier)];
    }
    case 'R':
      return [{ code, ...bits }, shape];
    case 'F': {
      const units = pick(4, 1, 20);
      return [
        { code, units, ...bits },
        { rows: 1, cols: 1, channels: units },
      ];
    }
    case 'D':
      return [{ code, rate: 0.5, activationBits: inputBits }, shape];
    case 'N':
      return [{ code, stddev: 0.1, activationBits: bits.activationBits }, shape];
    case 'Q':
      return [{ code, activationBits: bits.activationBits }, shape];
  }
}
