import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Checkpoint, EpochResult, Trainer, TrialTask } from '../../src/index.ts';
import { createTensorTrainer } from '../../src/tensor/tensor-trainer.ts';
import { exampleTask, randomImages } from './example-task.ts';

const stages = ['float', 'movingScales', 'frozenScales'] as const;

let wasm: Trainer;
beforeAll(async () => {
  wasm = await createTensorTrainer({ backend: 'wasm' });
});
afterAll(() => wasm.dispose());

describe.each(stages)('stage %s', (stage) => {
  test('the same seeds give the same bytes, others do not', async () => {
    const first = await trainAll(wasm, exampleTask(stage));
    const again = await trainAll(wasm, exampleTask(stage));
    const otherTrial = await trainAll(wasm, exampleTask(stage, { trialIndex: 3 }));
    const otherSeed = await trainAll(wasm, exampleTask(stage, { experimentSeed: 12 }));
    expect(withoutTimes(again)).toEqual(withoutTimes(first));
    expect(last(otherTrial).parameters).not.toEqual(last(first).parameters);
    expect(last(otherSeed).parameters).not.toEqual(last(first).parameters);
  });

  test('resuming after any epoch gives the same bytes as an unbroken run', async () => {
    const unbroken = await trainAll(wasm, exampleTask(stage));
    for (const [done, { checkpoint }] of unbroken.entries()) {
      const rest = await trainAll(wasm, exampleTask(stage), structuredClone(checkpoint));
      expect(withoutTimes(rest)).toEqual(withoutTimes(unbroken.slice(done + 1)));
    }
  });

  test('counts epochs, steps and learning rates', async () => {
    const epochs = await trainAll(wasm, exampleTask(stage));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(epochs.map(({ checkpoint }) => [checkpoint.epochsDone, checkpoint.steps])).toEqual([
      [1, 4],
      [2, 8],
      [3, 12],
    ]);
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([0.01, 0.01 * 0.9, 0.01 * 0.9 * 0.9]);
  });

  test('the cpu backend agrees with wasm', async () => {
    const task = exampleTask(stage);
    const cpu = await createTensorTrainer({ backend: 'cpu' });
    const [there, here] = [await trainAll(cpu, task), await trainAll(wasm, task)];
    cpu.dispose();
    for (const [i, { checkpoint, trainLoss, validationLoss, validationCorrect }] of there.entries()) {
      expect(trainLoss).toBeCloseTo(here[i]!.trainLoss, 5);
      expect(validationLoss).toBeCloseTo(here[i]!.validationLoss, 5);
      expect(validationCorrect).toBe(here[i]!.validationCorrect);
      for (const [j, parameter] of checkpoint.parameters.entries()) {
        expect(Math.abs(parameter - here[i]!.checkpoint.parameters[j]!)).toBeLessThan(1e-5);
      }
    }
  });
});

test('thresholds move with moving scales alone', async () => {
  for (const stage of stages) {
    const task = exampleTask(stage);
    const end = last(await trainAll(wasm, task)).parameters;
    const start = stage === 'float' ? new Float32Array(end.length) : task.startParameters!;
    const moved = task.program.slots
      .filter(({ kind }) => kind.endsWith('Threshold'))
      .map(({ offset }) => end[offset] !== start[offset]);
    expect(moved).toEqual(moved.map(() => stage === 'movingScales'));
  }
});

test('no tensor and no wasm memory is left behind, however many steps are run', async () => {
  const base = exampleTask('movingScales');
  const task = { ...base, settings: { ...base.settings, epochs: 40 } };
  const counts: number[] = [];
  const heaps: number[] = [];
  for await (const _ of wasm.train(task)) {
    counts.push(tf.memory().numTensors);
    heaps.push((tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length);
  }
  expect(counts).toEqual(counts.map(() => 0));
  expect(heaps.at(-1)).toBe(heaps[2]);
});

test('what it is given stays as it was', async () => {
  const task = exampleTask('movingScales');
  const before = structuredClone(task);
  const [{ checkpoint }] = (await trainAll(wasm, task)) as [EpochResult];
  const kept = structuredClone(checkpoint);
  await trainAll(wasm, task, checkpoint);
  expect(task).toEqual(before);
  expect(checkpoint).toEqual(kept);
});

test('validation counts correct images as its logits say, with dropout and noise off', async () => {
  const task = exampleTask('float');
  const constant = { ...task, startParameters: new Float32Array(task.program.parameterCount) };
  const idle = { ...constant.settings, epochs: 1, learningRate: { initial: 1e-60, decay: 1, minimum: 0 } };
  const [epoch] = await trainAll(wasm, { ...constant, settings: idle });
  // All logits are 0: the first class wins, and every class has probability 1/4.
  expect(epoch!.validationCorrect).toBe(Array.from(task.validation.labels).filter((l) => l === 0).length);
  expect(epoch!.validationLoss).toBeCloseTo(Math.log(4), 6);
  expect(epoch!.trainLoss).toBeCloseTo(Math.log(4), 6);
});

describe('aborting', () => {
  test('ends with an AbortError before the next batch', async () => {
    const task = exampleTask('float', { train: randomImages(exampleTask('float').program, 16 * 400, 4) });
    const controller = new AbortController();
    const epochs: EpochResult[] = [];
    const run = async () => {
      for await (const epoch of wasm.train(task, { signal: controller.signal })) epochs.push(epoch);
    };
    setTimeout(() => controller.abort(new Error('the worker stops')), 20);
    await expect(run()).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'the worker stops' } });
    expect(epochs).toEqual([]);
  });

  test('does nothing where it came before the start', async () => {
    const epochs = wasm.train(exampleTask('float'), { signal: AbortSignal.abort() });
    await expect(epochs.next()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('timers run between batches', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await trainAll(wasm, exampleTask('float', { train: randomImages(exampleTask('float').program, 800, 4) }));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(50);
  });
});

describe('refuses', () => {
  const good = exampleTask('float');
  const cases: readonly [string, Partial<TrialTask>, RegExp][] = [
    [
      'no start for a quantized stage',
      { stage: 'movingScales' },
      /startParameters is null in stage movingScales/,
    ],
    [
      'a start of another network',
      { startParameters: new Float32Array(3) },
      /startParameters has 3 floats; expected/,
    ],
    ['no images', { train: { ...good.train, count: 0 } }, /train\.count is 0/],
    [
      'images of another size',
      { validation: { ...good.validation, count: 22 } },
      /validation\.images has 1472 bytes/,
    ],
    [
      'labels that are no class',
      { train: { ...good.train, labels: new Uint8Array(57).fill(4) } },
      /train\.labels\[0\] is 4; expected a class below 4/,
    ],
    ['no epochs', { settings: { ...good.settings, epochs: 0 } }, /settings\.epochs is 0/],
    ['an empty batch', { settings: { ...good.settings, batchSize: 0.5 } }, /settings\.batchSize is 0\.5/],
  ];
  test.each(cases)('%s', async (_, overrides, message) => {
    await expect(trainAll(wasm, { ...good, ...overrides })).rejects.toThrow(message);
  });

  test('a checkpoint of another network or of other epochs', async () => {
    const [{ checkpoint }] = (await trainAll(wasm, good)) as [EpochResult];
    const short = { ...checkpoint, firstMoment: new Float32Array(1) };
    await expect(trainAll(wasm, good, short)).rejects.toThrow(/resumeFrom\.firstMoment has 1 floats/);
    await expect(trainAll(wasm, good, { ...checkpoint, steps: 5 })).rejects.toThrow(
      /resumeFrom\.steps is 5; expected 4/,
    );
  });

  test('to train once it is disposed of', async () => {
    const trainer = await createTensorTrainer({ backend: 'cpu' });
    trainer.dispose();
    await expect(trainAll(trainer, good)).rejects.toThrow(/disposed/);
  });
});

async function trainAll(trainer: Trainer, task: TrialTask, resumeFrom?: Checkpoint): Promise<EpochResult[]> {
  const epochs: EpochResult[] = [];
  for await (const epoch of trainer.train(task, resumeFrom === undefined ? {} : { resumeFrom }))
    epochs.push(epoch);
  return epochs;
}

function withoutTimes(epochs: readonly EpochResult[]) {
  return epochs.map(({ durationMs: _, ...rest }) => rest);
}

function last(epochs: readonly EpochResult[]): Checkpoint {
  return epochs.at(-1)!.checkpoint;
}
