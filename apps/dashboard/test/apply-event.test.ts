import { expect, test } from 'vitest';
import type { Curve, Curves } from '../src/api/types.ts';
import { applyToCurves } from '../src/pages/experiment/apply-event.ts';

function curvesOf(step: number): { curves: Curves; trial: Curve } {
  const trial: Curve = {
    id: 'a',
    index: 0,
    state: 'queued',
    attempts: 0,
    epochsDone: 0,
    lowestLoss: null,
    highestAccuracy: null,
    score: null,
    invalid: false,
    epochs: [],
    losses: [],
    accuracies: [],
  };
  return { curves: { stage: 'float', step, lastEventId: 0, trials: [trial], repeats: 0 }, trial };
}

function epoch(curves: Curves, number: number, best = false): void {
  applyToCurves(curves, 'trial.epoch', {
    trialId: 'a',
    epoch: number,
    validationLoss: 1 / (number + 1),
    validationAccuracy: 0.9,
    lowestLoss: best,
    highestAccuracy: false,
  });
}

test('a trial follows its events to its end, and repeats change nothing', () => {
  const { curves, trial } = curvesOf(1);
  applyToCurves(curves, 'trial.claimed', { trialId: 'a', attempt: 1 });
  expect(trial).toMatchObject({ state: 'running', attempts: 1 });
  for (const number of [0, 1, 1, 0, 2]) epoch(curves, number, number === 2);
  expect(trial.epochs).toEqual([0, 1, 2]);
  expect(trial.losses).toEqual([1, 1 / 2, 1 / 3]);
  expect(trial).toMatchObject({ epochsDone: 3, lowestLoss: { epoch: 2 }, highestAccuracy: null });
  applyToCurves(curves, 'trial.succeeded', { trialId: 'a', attempt: 1 });
  expect(trial.state).toBe('succeeded');
  applyToCurves(curves, 'trial.preempted', { trialId: 'a', attempt: 1 });
  expect(trial.state).toBe('succeeded');
});

test('an event of an attempt that is over does not take a trial from the next', () => {
  const { curves, trial } = curvesOf(1);
  applyToCurves(curves, 'trial.claimed', { trialId: 'a', attempt: 2 });
  applyToCurves(curves, 'trial.preempted', { trialId: 'a', attempt: 1 });
  expect(trial.state).toBe('running');
});

test('a thinned curve keeps every step, the best and the newest', () => {
  const { curves, trial } = curvesOf(4);
  for (let number = 0; number <= 10; number++) epoch(curves, number, number === 5);
  expect(trial.epochs).toEqual([0, 4, 5, 8, 10]);
  expect(trial.losses).toHaveLength(5);
  expect(trial.losses.at(-1)).toBe(1 / 11);
});
