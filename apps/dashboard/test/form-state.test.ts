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
    protocol: { preset: 'quick' },
  });
});

test('numbers go out as numbers, and what is none as it was typed', () => {
  const stages = { ...initialForm.stages, float: { trials: '12', epochs: 'many' } };
  expect(toBody({ ...initialForm, name: ' n ', seed: '', stages })).toMatchObject({
    name: 'n',
    seed: '',
    protocol: { preset: 'quick', float: { trials: 12, epochs: 'many' } },
  });
});

test('another like an experiment has its settings and the next seed', () => {
  const experiment = {
    name: 'N',
    network: 'A(2,4) S(10)@w4b8a8',
    dataset: 'own',
    augmentation: 'none',
    budgetBytes: 1024.5,
    strategy: 'normal',
    seed: 41,
    stages: [{ name: 'float', settings: { trials: 3, epochs: 4 } }],
  } as unknown as Parameters<typeof formOf>[0];
  expect(formOf(experiment)).toMatchObject({
    name: 'N',
    dataset: 'own',
    budgetBytes: '1024.5',
    strategy: 'normal',
    seed: '42',
    stages: { float: { trials: '3', epochs: '4' } },
  });
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
