import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  explainSelection,
  SelectionError,
  selectByZScore,
  selectGreedily,
  type TrialOutcome,
} from '../../src/index.ts';

const golden = JSON.parse(
  readFileSync(new URL('../golden/protocol-outcomes.json', import.meta.url), 'utf8'),
) as { stage: string; trials: TrialOutcome[] }[];

const outcomes = (...pairs: readonly (readonly [loss: number, accuracy: number])[]) =>
  pairs.map(([checkpointValLoss, checkpointValAccuracy]) => ({ checkpointValLoss, checkpointValAccuracy }));

describe('selectGreedily', () => {
  it('picks the published trials 16, 7 and 7', () => {
    expect(golden.map(({ trials }) => selectGreedily(trials))).toEqual([16, 7, 7]);
  });

  it('takes the first on a tie', () => {
    expect(selectGreedily([0.5, 0.9, 0.9, 0.1].map((bestValAccuracy) => ({ bestValAccuracy })))).toBe(1);
    expect(selectGreedily([{ bestValAccuracy: 0 }])).toBe(0);
  });
});

describe('selectByZScore', () => {
  it('chooses the model that the authors chose, with weight 0.3189', () => {
    const { index, weight, runnerUp, special } = selectByZScore(golden[2]!.trials, 10_000);
    expect({ index, runnerUp, special, weight: weight.toFixed(4) }).toEqual({
      index: 0,
      runnerUp: 4,
      special: null,
      weight: '0.3189',
    });
  });

  it('follows the formula, worked by hand', () => {
    // Losses 1, 2, 3 and accuracies 0.5, 0.8, 0.5: the line is flat at 0.6, residuals -0.1, 0.2, -0.1.
    const selection = selectByZScore(outcomes([1, 0.5], [2, 0.8], [3, 0.5]), 24);
    expect(selection.line!.slope).toBeCloseTo(0, 12);
    expect(selection.line!.intercept).toBeCloseTo(0.6, 12);
    expect(selection.residualDeviation).toBeCloseTo(Math.sqrt(0.06), 12);
    expect(selection.samplingDeviation).toBeCloseTo(0.1, 12);
    const weight = 0.06 / 0.07;
    expect(selection.weight).toBeCloseTo(weight, 12);
    expect(selection.loss.deviation).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(selection.accuracy.deviation).toBeCloseTo(Math.sqrt(0.02), 12);
    const expected = [
      -weight * Math.SQRT1_2 + Math.sqrt(1.5),
      weight * Math.SQRT2,
      -weight * Math.SQRT1_2 - Math.sqrt(1.5),
    ];
    for (const [i, score] of expected.entries()) expect(selection.scores[i]).toBeCloseTo(score, 12);
    expect(selection.index).toBe(1);
    expect(selection.runnerUp).toBe(0);
    expect(selection.standings[1]).toMatchObject({
      loss: 2,
      accuracy: 0.8,
      zLoss: 0,
      score: selection.scores[1],
    });
  });

  it('trusts accuracy more when more images stand behind it', () => {
    const trials = outcomes([1, 0.5], [2, 0.8], [3, 0.5]);
    const weights = [1, 24, 10_000].map((images) => selectByZScore(trials, images).weight);
    expect(weights).toEqual([...weights].sort((a, b) => a - b));
    expect(weights[2]! - weights[0]!).toBeGreaterThan(0.5);
  });

  it('calls trials by the names given, where some are missing from the list', () => {
    const selection = selectByZScore(outcomes([3, 0.5], [1, 0.8], [2, 0.6]), 100);
    expect(explainSelection(selection, [0, 2, 5])).toMatch(/^Trial 2 wins .* ahead of trial 5 with /);
    expect(explainSelection(selection)).toBe(selection.reason);
  });

  it('says why', () => {
    expect(selectByZScore(golden[2]!.trials, 10_000).reason).toBe(
      'Trial 0 wins with a score of 2.535 (loss 0.0335, accuracy 99.09%), ahead of trial 4 with 0.782 (loss ' +
        '0.0343, accuracy 99.00%). Accuracy spreads 0.07% around its line over loss and 0.10% by chance on 10000 ' +
        'images, so it counts 0.3189 against 1 for loss.',
    );
    expect(selectByZScore(outcomes([0.2, 0.9]), 10).reason).toBe(
      'Trial 0 is the only finished trial (loss 0.2000, accuracy 90.00%).',
    );
    expect(selectByZScore(outcomes([0.2, 0.9], [0.1, 0.8]), 10).reason).toContain('loss alone decides.');
    expect(selectByZScore(outcomes([0.2, 0.9], [0.2, 0.9]), 10).reason).toContain(
      'The scores tie, so the first wins.',
    );
  });

  it.each([
    [
      'one trial',
      outcomes([0.3, 0.9]),
      { index: 0, runnerUp: null, weight: 1, special: 'equal-losses', scores: [0] },
    ],
    [
      'two trials: the lower loss wins',
      outcomes([0.3, 0.99], [0.2, 0.9]),
      { index: 1, runnerUp: 0, weight: 0, special: 'fewer-than-three', scores: [-1, 1] },
    ],
    [
      'two trials of equal loss: the higher accuracy wins',
      outcomes([0.2, 0.25], [0.2, 0.75]),
      { index: 1, runnerUp: 0, weight: 1, special: 'equal-losses', scores: [-1, 1] },
    ],
    [
      'equal losses: the higher accuracy wins',
      outcomes([0.2, 0.5], [0.2, 0.75], [0.2, 0.25], [0.2, 0.5]),
      { index: 1, weight: 1, special: 'equal-losses', line: null, residualDeviation: null },
    ],
    [
      'equal accuracies: the lower loss wins',
      outcomes([0.3, 0.9], [0.1, 0.9], [0.2, 0.9]),
      { index: 1, runnerUp: 2, weight: 0, special: 'equal-accuracies' },
    ],
    [
      'perfect accuracies, where chance has no spread either',
      outcomes([0.3, 1], [0.1, 1], [0.2, 1]),
      { index: 1, weight: 0, samplingDeviation: 0 },
    ],
    [
      'no difference at all: the first wins',
      outcomes([0.2, 0.9], [0.2, 0.9], [0.2, 0.9]),
      { index: 0, runnerUp: 1, scores: [0, 0, 0] },
    ],
  ])('defines %s', (_, trials, expected) => {
    expect(selectByZScore(trials, 10_000)).toMatchObject(expected);
  });

  it('gives every set of outcomes finite scores whose first largest wins', () => {
    fc.assert(
      fc.property(anyOutcomes, fc.integer({ min: 1, max: 1_000_000 }), (trials, images) => {
        const { index, runnerUp, weight, scores } = selectByZScore(trials, images);
        expect(scores.length).toBe(trials.length);
        expect(scores.every(Number.isFinite)).toBe(true);
        expect(weight >= 0 && weight <= 1).toBe(true);
        expect(scores.indexOf(Math.max(...scores))).toBe(index);
        if (runnerUp === null) expect(trials.length).toBe(1);
        else expect(scores[runnerUp]).toBe(Math.max(...scores.toSpliced(index, 1)));
      }),
      { numRuns: 500 },
    );
  });

  it('never prefers a trial that another beats in loss and accuracy', () => {
    fc.assert(
      fc.property(anyOutcomes, (trials) => {
        const winner = trials[selectByZScore(trials, 10_000).index]!;
        const beaten = trials.some(
          (other) =>
            other.checkpointValLoss < winner.checkpointValLoss - 1e-6 &&
            other.checkpointValAccuracy > winner.checkpointValAccuracy + 1e-6,
        );
        expect(beaten).toBe(false);
      }),
    );
  });

  it('does not depend on the unit of the losses', () => {
    fc.assert(
      fc.property(anyOutcomes, (trials) => {
        // Below this the square of a loss is too small for a double, and no unit can be told.
        fc.pre(trials.every(({ checkpointValLoss: loss }) => loss === 0 || loss > 1e-100));
        const smaller = trials.map((trial) => ({
          ...trial,
          checkpointValLoss: trial.checkpointValLoss / 1024,
        }));
        const [plain, scaled] = [selectByZScore(trials, 500), selectByZScore(smaller, 500)];
        fc.pre(plain.special === scaled.special);
        for (const [i, score] of plain.scores.entries()) expect(scaled.scores[i]).toBeCloseTo(score, 6);
      }),
    );
  });

  it('refuses what it cannot judge, naming it', () => {
    expect(() => selectByZScore([], 10)).toThrow(SelectionError);
    expect(() => selectGreedily([])).toThrow('trials is []; expected at least one trial');
    expect(() => selectByZScore(outcomes([0.1, 0.9]), 0)).toThrow(
      'images is 0; expected a whole number of at least 1',
    );
    expect(() => selectByZScore(outcomes([0.1, 0.9], [Number.NaN, 0.9]), 10)).toThrow(
      'trials[1].checkpointValLoss is NaN; expected a number from 0 to 1000000',
    );
    expect(() => selectByZScore(outcomes([0.1, 99.1]), 10)).toThrow(
      'trials[0].checkpointValAccuracy is 99.1; expected a number from 0 to 1',
    );
    expect(() => selectGreedily([{} as TrialOutcome])).toThrow(
      'trials[0].bestValAccuracy is missing; expected',
    );
  });
});

/** Losses and accuracies as trials have them, ties included. */
const anyOutcomes = fc.array(
  fc.record({
    checkpointValLoss: fc.oneof(fc.constantFrom(0, 0.03, 0.04), fc.double({ min: 0, max: 16, noNaN: true })),
    checkpointValAccuracy: fc.integer({ min: 0, max: 10_000 }).map((correct) => correct / 10_000),
  }),
  { minLength: 1, maxLength: 20 },
);
