import { expect, test } from 'vitest';
import { duration, score, shortNetwork } from '../src/format/format.ts';
import { formOf, initialForm, toBody } from '../src/pages/new/form-state.ts';

test('what is left empty is left to the protocol', () => {
  expect(toBody({ ...initialForm, network: ' A(2,4)\n  S(10) ' })).toEqual({
    network: 'A(2,4) S(10)',
    dataset: 'mnist',
    augmentation: 'none',
    budgetBytes: 2048,
    strategy: 'herringbone',
    seed: 1,
    priority: 10,
    protocol: { preset: 'quick' },
  });
});

test('numbers go out as numbers, and what is none as it was typed', () => {
  const float = { ...initialForm.stages.float, trials: '12', epochs: 'many', decay: '0.9', minimum: '1e-5' };
  const stages = { ...initialForm.stages, float };
  expect(toBody({ ...initialForm, name: ' n ', seed: '', stages })).toMatchObject({
    name: 'n',
    seed: '',
    protocol: {
      preset: 'quick',
      float: { trials: 12, epochs: 'many', learningRate: { decay: 0.9, minimum: 1e-5 } },
    },
  });
});

const settings = (stage: number) => ({
  trials: 3 + stage,
  epochs: 40 + stage,
  batchSize: 1024,
  learningRate: { initial: 0.01, decay: 0.85, minimum: 10 ** -stage },
});
const experiment = {
  name: 'N',
  network: 'A(2,4) S(10)@w4b8a8',
  dataset: 'own',
  augmentation: 'elastic',
  budgetBytes: 1024.125,
  strategy: 'normal',
  seed: Number.MAX_SAFE_INTEGER,
  priority: 77,
  stages: ['float', 'movingScales', 'frozenScales'].map((name, stage) => ({
    name,
    settings: settings(stage),
  })),
} as unknown as Parameters<typeof formOf>[0];

test('another like an experiment is asked for with every one of its settings', () => {
  expect(toBody(formOf(experiment))).toEqual({
    name: 'N',
    network: 'A(2,4) S(10)@w4b8a8',
    dataset: 'own',
    augmentation: 'elastic',
    budgetBytes: 1024.125,
    strategy: 'normal',
    seed: Number.MAX_SAFE_INTEGER,
    priority: 77,
    // More of these numbers are the quick preset's than the published one's.
    protocol: { preset: 'quick', float: settings(0), movingScales: settings(1), frozenScales: settings(2) },
  });
});

test('a name that the service made of the network is not given again', () => {
  const network = `A(2,4) ${'C(5,3x3) '.repeat(30)}S(10)`;
  expect(toBody(formOf({ ...experiment, network, name: network.slice(0, 200) }))).not.toHaveProperty('name');
});

test('figures read as people write them', () => {
  expect([0.4, 59.6, 61, 3599, 3600, 7260, 172_800, 1e6].map(duration)).toEqual([
    '0 s',
    '1 min 00 s',
    '1 min 01 s',
    '59 min 59 s',
    '1 h 00 min',
    '2 h 01 min',
    '2 d 0 h',
    '11 d 14 h',
  ]);
  expect([1.5, -0.25, null].map(score)).toEqual(['+1.500', '−0.250', '–']);
  expect(shortNetwork('A(2,4) C(5,3x3)@w4b8a4 M(2,4) D(0.1,4) S(10)@w4b8a8')).toBe(
    'A(2) C(5,3x3) M(2) D(0.1) S(10)',
  );
});
