import { expect, test } from 'vitest';
import {
  overallProgress,
  type StageWork,
  secondsLeft,
  stageProgress,
} from '../../../../src/plugins/app/experiments/time-left.ts';

const waiting: StageWork = {
  state: 'waiting',
  trialCount: 2,
  epochs: 10,
  succeededTrials: 0,
  failedTrials: 0,
  invalidTrials: 0,
  epochsDone: 0,
  trainedMs: 0,
};
const halfway: StageWork = { ...waiting, state: 'running', epochsDone: 10, trainedMs: 20_000 };
const done: StageWork = {
  ...waiting,
  state: 'succeeded',
  succeededTrials: 2,
  epochsDone: 20,
  trainedMs: 40_000,
};

test('time left follows from the mean epoch, the epochs open and the slots', () => {
  // 10 epochs of 2 s are open in two trials, then 3 x 20 epochs wait.
  expect(secondsLeft([halfway], 1)).toBe(20);
  expect(secondsLeft([halfway], 2)).toBe(10);
  expect(secondsLeft([halfway], 8)).toBe(10);
  expect(secondsLeft([done, halfway, waiting], 2)).toBe(10 + 20);
  expect(secondsLeft([done, halfway, { ...waiting, trialCount: 3 }], 2)).toBe(10 + 40);
  expect(secondsLeft([done, done, done], 2)).toBe(0);
});

test('a trial that failed leaves nothing to wait for', () => {
  expect(secondsLeft([{ ...halfway, succeededTrials: 1, failedTrials: 1, epochsDone: 11 }], 2)).toBe(0);
  expect(secondsLeft([{ ...halfway, failedTrials: 1, epochsDone: 5 }], 2)).toBe(10 * 4);
  expect(secondsLeft([{ ...halfway, invalidTrials: 1, epochsDone: 5 }], 2)).toBe(10 * 4);
});

test('there is no guess before the first epoch, or while nothing can run', () => {
  expect(secondsLeft([{ ...waiting, state: 'running' }, waiting], 2)).toBeNull();
  expect(secondsLeft([halfway], 0)).toBeNull();
});

test('progress counts epochs; a stage that is over counts whole', () => {
  expect(stageProgress(halfway)).toBe(0.5);
  expect(stageProgress({ ...done, failedTrials: 1, epochsDone: 12 })).toBe(1);
  expect(overallProgress([done, halfway, { ...waiting, epochs: 20 }])).toBe(30 / 80);
  expect(overallProgress([])).toBe(0);
});
