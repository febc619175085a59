import { expect, test } from 'vitest';
import { adamStep, createAdamRate } from '../../src/trial/adam.ts';

test('three steps follow the recurrence of the protocol', () => {
  const gradients = [
    [0.5, -2, 0, 1e-9],
    [-0.25, -1, 0, 1e-9],
    [3, 0.125, 0, -1e-9],
  ];
  const start = [1, -1, 2, 0];
  const state = {
    parameters: Float32Array.from(start),
    firstMoment: new Float32Array(4),
    secondMoment: new Float32Array(4),
  };
  const nextRate = createAdamRate(0);
  const [m, v, p] = [[0, 0, 0, 0], [0, 0, 0, 0], [...start]];
  for (const [step, gradient] of gradients.entries()) {
    const t = step + 1;
    adamStep(state, Float32Array.from(gradient), nextRate(0.01));
    for (const [i, g] of gradient.entries()) {
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      p[i]! -= (0.01 * Math.sqrt(1 - 0.999 ** t) * m[i]!) / (1 - 0.9 ** t) / (Math.sqrt(v[i]!) + 1e-7);
      expect(state.parameters[i]).toBeCloseTo(p[i]!, 6);
    }
  }
  expect(state.parameters[2]).toBe(2);
});

test('a rate made after some steps goes on like one that made them', () => {
  const whole = createAdamRate(0);
  const rates = Array.from({ length: 6 }, () => whole(0.005));
  const rest = createAdamRate(4);
  expect([rest(0.005), rest(0.005)]).toEqual(rates.slice(4));
});
