import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  learningRateAt,
  ProtocolError,
  presets,
  quantizationMode,
  resolveProtocol,
  stageNames,
} from '../../src/index.ts';

describe('presets', () => {
  it('publishes the three stages as printed', () => {
    const { published } = presets;
    const figures = stageNames.map((name) => {
      const { trials, epochs, batchSize, learningRate } = published[name];
      return [trials, epochs, batchSize, learningRate.initial, learningRate.decay, learningRate.minimum];
    });
    expect(figures).toEqual([
      [50, 50, 1024, 0.005, 0.95, 1e-4],
      [10, 100, 1024, 0.005, 0.98, 1e-4],
      [10, 200, 1024, 0.005, 0.98, 1e-4],
    ]);
  });

  it('keeps every preset within its own limits, and quick at 3, 2 and 2 trials or more', () => {
    for (const preset of Object.values(presets)) expect(resolveProtocol({ ...preset })).toEqual(preset);
    const trials = stageNames.map((name) => presets.quick[name].trials);
    for (const [i, least] of [3, 2, 2].entries()) expect(trials[i]).toBeGreaterThanOrEqual(least);
  });
});

describe('resolveProtocol', () => {
  it('is the published protocol unless told otherwise', () => {
    expect(resolveProtocol()).toEqual(presets.published);
    expect(resolveProtocol({})).toEqual(presets.published);
    expect(resolveProtocol({ preset: 'quick' })).toEqual(presets.quick);
  });

  it('overrides single numbers and leaves the others', () => {
    const protocol = resolveProtocol({
      preset: 'quick',
      float: { trials: 4, epochs: 8 },
      frozenScales: { batchSize: 64, learningRate: { decay: 1 } },
    });
    expect(protocol).toEqual({
      float: { ...presets.quick.float, trials: 4, epochs: 8 },
      movingScales: presets.quick.movingScales,
      frozenScales: {
        ...presets.quick.frozenScales,
        batchSize: 64,
        learningRate: { ...presets.quick.frozenScales.learningRate, decay: 1 },
      },
    });
  });

  it('takes whole numbers in range and nothing else', () => {
    const stage = fc.constantFrom(...stageNames);
    const field = fc.constantFrom('trials', 'epochs', 'batchSize');
    const anything = fc.oneof(fc.integer({ min: -2, max: 12_000 }), fc.double(), fc.anything());
    fc.assert(
      fc.property(stage, field, anything, (name, key, value) => {
        fc.pre(value !== undefined);
        const maximum = key === 'batchSize' ? 65_536 : 10_000;
        const valid = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maximum;
        const resolve = () => resolveProtocol({ [name]: { [key]: value } });
        if (valid) expect(resolve()[name]).toEqual({ ...presets.published[name], [key]: value });
        else expect(resolve).toThrow(ProtocolError);
      }),
    );
  });

  it.each([
    [null, 'protocol is null; expected an object with some of preset, float, movingScales, frozenScales'],
    [[], 'protocol is []; expected an object with some of preset, float, movingScales, frozenScales'],
    [{ preset: 'fast' }, 'protocol.preset is "fast"; expected one of published, quick'],
    [{ preset: null }, 'protocol.preset is null; expected one of published, quick'],
    [{ preset: 'toString' }, 'protocol.preset is "toString"; expected one of published, quick'],
    [
      { flaot: {} },
      'protocol has no field "flaot"; expected one of preset, float, movingScales, frozenScales',
    ],
    [
      { float: 3 },
      'protocol.float is 3; expected an object with some of trials, epochs, batchSize, learningRate',
    ],
    [
      { float: null },
      'protocol.float is null; expected an object with some of trials, epochs, batchSize, learningRate',
    ],
    [
      { float: { trails: 3 } },
      'protocol.float has no field "trails"; expected one of trials, epochs, batchSize, learningRate',
    ],
    [{ float: { trials: 0 } }, 'protocol.float.trials is 0; expected a whole number from 1 to 10000'],
    [
      { movingScales: { trials: 1e6 } },
      'protocol.movingScales.trials is 1000000; expected a whole number from 1 to 10000',
    ],
    [
      { frozenScales: { epochs: Number.NaN } },
      'protocol.frozenScales.epochs is NaN; expected a whole number from 1 to 10000',
    ],
    [{ float: { epochs: '8' } }, 'protocol.float.epochs is "8"; expected a whole number from 1 to 10000'],
    [
      { float: { batchSize: 1.5 } },
      'protocol.float.batchSize is 1.5; expected a whole number from 1 to 65536',
    ],
    [
      { float: { learningRate: { initial: 0 } } },
      'protocol.float.learningRate.initial is 0; expected a number above 0 and at most 10',
    ],
    [
      { float: { learningRate: { decay: 1.01 } } },
      'protocol.float.learningRate.decay is 1.01; expected a number above 0 and at most 1',
    ],
    [
      { float: { learningRate: { minimum: 0.1 } } },
      'protocol.float.learningRate.minimum is 0.1; expected a number from 0 to the initial rate, 0.005',
    ],
    [
      { float: { learningRate: { rate: 0.1 } } },
      'protocol.float.learningRate has no field "rate"; expected one of initial, decay, minimum',
    ],
  ])('refuses %j', (overrides, message) => {
    expect(errorOf(() => resolveProtocol(overrides)).message).toBe(message);
  });

  it('names the field, the value and what was expected', () => {
    expect(errorOf(() => resolveProtocol({ float: { trials: -1 } }))).toMatchObject({
      name: 'ProtocolError',
      field: 'float.trials',
      value: -1,
      expected: 'a whole number from 1 to 10000',
    });
    expect(errorOf(() => resolveProtocol({ float: { x: 2 } }))).toMatchObject({ field: 'float.x', value: 2 });
  });

  it('lowers the minimum with an initial rate below it', () => {
    const { learningRate } = resolveProtocol({ float: { learningRate: { initial: 1e-5 } } }).float;
    expect(learningRate).toEqual({ initial: 1e-5, decay: 0.95, minimum: 1e-5 });
  });
});

describe('learningRateAt', () => {
  it('decays by epoch down to the minimum', () => {
    const rate = { initial: 0.005, decay: 0.95, minimum: 1e-4 };
    expect(learningRateAt(rate, 0)).toBe(0.005);
    expect(learningRateAt(rate, 1)).toBe(0.005 * 0.95);
    expect(learningRateAt(rate, 2)).toBe(0.005 * 0.95 * 0.95);
    expect(learningRateAt(rate, 49)).toBeCloseTo(0.005 * 0.95 ** 49, 12);
    expect(learningRateAt(rate, 76)).toBeGreaterThan(1e-4);
    expect(learningRateAt(rate, 77)).toBe(1e-4);
    expect(learningRateAt(rate, 10_000)).toBe(1e-4);
    expect(learningRateAt({ initial: 0.02, decay: 1, minimum: 0 }, 10_000)).toBe(0.02);
  });
});

describe('quantizationMode', () => {
  it('quantizes from the second stage on and freezes scales in the third', () => {
    expect(stageNames.map(quantizationMode)).toEqual(['none', 'moving', 'frozen']);
  });
});

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
