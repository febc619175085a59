import { stageNames } from '@bitkiln/core';
import { describe, expect, it } from 'vitest';
import { explainProgram, printExplanation } from '../../src/kiln/explain.ts';
import { createKilnTrainer } from '../../src/kiln/kiln-trainer.ts';
import type { EpochResult } from '../../src/trainer.ts';
import { recordedHashes } from './recorded-hashes.ts';
import { referenceTrialHash } from './reference-trial.ts';
import { lastEpoch, sha256, tinyTask } from './tasks.ts';

const small = {
  network: 'A(2,4) C(5,3x3) M(2) D(0.1) N(0.1)@a4 S(3)',
  input: { rows: 12, cols: 12, channels: 1 },
} as const;

describe('a trial', () => {
  it.each(stageNames)('has the recorded bytes in stage %s', async (stage) => {
    expect(await referenceTrialHash(stage)).toBe(recordedHashes[stage]);
  });

  it.each(stageNames)('resumed after any epoch gives the same bytes in stage %s', async (stage) => {
    const task = tinyTask({ ...small, stage, epochs: 4 });
    const epochs: EpochResult[] = [];
    for await (const epoch of createKilnTrainer().train(task)) epochs.push(epoch);
    expect(epochs.map((epoch) => epoch.epoch)).toEqual([0, 1, 2, 3]);
    for (const { checkpoint } of epochs.slice(0, 3)) {
      const resumed = await lastEpoch(createKilnTrainer().train(task, { resumeFrom: checkpoint }));
      expect({ ...resumed, durationMs: 0 }).toEqual({ ...epochs[3], durationMs: 0 });
    }
  });

  it('differs from another trial and another seed', async () => {
    const task = tinyTask({ ...small, epochs: 2 });
    const hashes = await Promise.all(
      [task, { ...task, trialIndex: 2 }, { ...task, experimentSeed: 6 }].map(async (t) =>
        sha256((await lastEpoch(createKilnTrainer().train(t))).checkpoint.parameters),
      ),
    );
    expect(new Set(hashes).size).toBe(3);
  });

  it('learns', async () => {
    const task = tinyTask({ ...small, count: 600, epochs: 8 });
    const epochs: EpochResult[] = [];
    for await (const epoch of createKilnTrainer().train(task)) epochs.push(epoch);
    expect(epochs[7]!.trainLoss).toBeLessThan(0.5 * epochs[0]!.trainLoss);
    expect(epochs[7]!.validationCorrect).toBeGreaterThan(15);
  });

  it('lets the event loop turn inside a batch, and ends with an AbortError', async () => {
    const task = tinyTask({ ...small, count: 60_000, batchSize: 60_000, epochs: 3 });
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks++;
      if (ticks === 3) controller.abort();
    }, 1);
    const training = lastEpoch(createKilnTrainer().train(task, { signal: controller.signal }));
    await expect(training).rejects.toMatchObject({ name: 'AbortError' });
    clearInterval(timer);
    expect(ticks).toBeLessThan(20);
  });

  it('says how its numbers come about', () => {
    expect(createKilnTrainer().numericsId).toEqual({
      trainer: 'kiln',
      definition: 1,
      options: 'simd=plain',
      reproducible: true,
    });
    expect(createKilnTrainer({ relaxed: true }).numericsId).toMatchObject({
      options: 'simd=relaxed',
      reproducible: false,
    });
  });

  it('with relaxed SIMD stays close to plain SIMD', async () => {
    const task = tinyTask({ ...small, count: 400 });
    const plain = await lastEpoch(createKilnTrainer().train(task));
    const relaxed = await lastEpoch(createKilnTrainer({ relaxed: true }).train(task));
    expect(relaxed.trainLoss).toBeCloseTo(plain.trainLoss, 4);
    expect(relaxed.validationLoss).toBeCloseTo(plain.validationLoss, 3);
  });
});

describe('explainProgram', () => {
  it('counts the work and memory of the reference network', () => {
    const network = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
    const { program } = tinyTask({ network, input: { rows: 28, cols: 28, channels: 1 } });
    const explanation = explainProgram(program);
    expect(explanation.evaluationMacs).toBe(6480 + 36_000 + 50_688 + 1760);
    const sparse = 50_688 / 4;
    expect(explanation.trainingMacs).toBe(2 * 6480 + 3 * 36_000 + 50_688 + 2 * sparse + 3 * 1760);
    expect(explanation.memoryBytes).toBeLessThan(512 * 1024);
    const text = printExplanation(explanation);
    expect(text).toContain('C(8,3x3)@w4b8a4');
    expect(text).toMatch(/12x12x5 +10x10x8 +371 +36000 +36000 +36000/);
  });
});
