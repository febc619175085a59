import { presets } from '@bitkiln/core';
import type { EpochResult } from '@bitkiln/trainer';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ComputeThread, ThreadDiedError } from '../../src/compute/compute-thread.ts';
import type { TrainOrder } from '../../src/compute/messages.ts';
import { ThreadError } from '../../src/threads/plain-error.ts';

const never = new AbortController().signal;

/** Two classes that differ in brightness: bright images are of class 1. */
function images(count: number) {
  const pixels = new Uint8Array(new SharedArrayBuffer(count * 16));
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  for (let i = 0; i < count; i++) {
    labels[i] = i % 2;
    pixels.fill((i % 2) * 128 + (i % 97), i * 16, (i + 1) * 16);
  }
  return { images: pixels, labels, count };
}

function trainOrder(changes: Partial<TrainOrder> = {}, epochs = 6): TrainOrder {
  return {
    kind: 'train',
    network: 'S(2)',
    input: { rows: 4, cols: 4, channels: 1 },
    stage: 'float',
    settings: { ...presets.quick.float, trials: 1, epochs, batchSize: 64 },
    experimentSeed: 5,
    trialIndex: 0,
    start: { kind: 'fresh' },
    resume: null,
    train: images(256),
    validation: images(128),
    ...changes,
  };
}

async function collect(epochs: AsyncIterable<readonly EpochResult[]>): Promise<EpochResult[]> {
  const results: EpochResult[] = [];
  for await (const batch of epochs) results.push(...batch);
  return results;
}

describe.each([
  [{ trainer: 'kiln' }, 'simd=plain'],
  [{ trainer: 'tensor', backend: 'wasm' }, 'backend=wasm'],
] as const)('a thread with %o', (trainer, options) => {
  let thread: ComputeThread;
  beforeAll(async () => {
    thread = await ComputeThread.start({ trainer, measure: true }, { abortGraceMs: 10_000 });
    return () => thread.close();
  });

  test('tells its numerics id and its measured rate', () => {
    expect(thread.numericsId).toMatchObject({ trainer: trainer.trainer, options, reproducible: true });
    expect(thread.samplesPerSecond).toBeGreaterThan(100);
  });

  test('trains every epoch in order, and learns', async () => {
    const results = await collect(thread.train(trainOrder(), never));
    expect(results.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(results.at(-1)!.validationLoss).toBeLessThan(results[0]!.validationLoss);
  });

  test('gives the same bytes when it resumes from any epoch', async () => {
    const whole = await collect(thread.train(trainOrder(), never));
    const resume = (await collect(thread.train(trainOrder({}, 3), never))).at(-1)!.checkpoint;
    const rest = await collect(thread.train(trainOrder({ resume }), never));
    expect(rest.map(({ epoch }) => epoch)).toEqual([3, 4, 5]);
    expect(rest.at(-1)!.checkpoint).toEqual(whole.at(-1)!.checkpoint);
  });

  test('calibrates what a float pick hands on, and takes the rest as it is', async () => {
    const parameters = (await collect(thread.train(trainOrder(), never))).at(-1)!.checkpoint.parameters;
    const from = (calibrate: boolean) =>
      ({ kind: 'parameters', trialId: 'pick', parameters, calibrate }) as const;
    const first = async (changes: Partial<TrainOrder>) =>
      (await collect(thread.train(trainOrder({ stage: 'movingScales', ...changes }, 1), never)))[0]!;
    const calibrated = await first({ start: from(true) });
    const asIs = await first({ start: from(false) });
    // The activation threshold is last; without calibration it starts at 0, the float stage's.
    expect(calibrated.checkpoint.parameters.at(-1)).not.toBeCloseTo(asIs.checkpoint.parameters.at(-1)!, 0);
  });

  test('stops when it is told to, and is ready for the next order', async () => {
    const abort = new AbortController();
    const epochs = thread.train(trainOrder({}, 10_000), abort.signal);
    await epochs.next();
    const reason = new Error('cancelled');
    abort.abort(reason);
    await expect(collect(epochs)).rejects.toBe(reason);
    expect(thread.alive).toBe(true);
    expect(await collect(thread.train(trainOrder({}, 2), never))).toHaveLength(2);
  });

  test("reports the work's own errors with their names, and lives on", async () => {
    const order = trainOrder({ network: 'C(2,5x5) S(2)' });
    await expect(collect(thread.train(order, never))).rejects.toThrow(
      /NetworkError: .*kernel 5x5 does not fit/,
    );
    await expect(collect(thread.train(order, never))).rejects.toBeInstanceOf(ThreadError);
    expect(thread.alive).toBe(true);
  });
});

describe('a thread that breaks', () => {
  const scripted = new URL('./scripted-thread.mjs', import.meta.url);
  let thread: ComputeThread;
  afterEach(() => thread.close());
  const begin = async (network: string, signal = never) => {
    thread = await ComputeThread.start(
      { trainer: { trainer: 'kiln' }, measure: false },
      { module: scripted },
    );
    return collect(thread.train(trainOrder({ network }), signal));
  };

  test('ends its work with the reason when it crashes', async () => {
    await expect(begin('throw')).rejects.toThrow(ThreadDiedError);
    expect(thread.alive).toBe(false);
    await expect(collect(thread.train(trainOrder(), never))).rejects.toThrow(/crashed: a kernel went wrong/);
  });

  test('ends its work with its exit code when it exits', async () => {
    await expect(begin('exit')).rejects.toThrow('the compute thread ended with code 3');
  });

  test('is ended when it does not stop in time, and never holds up the event loop', async () => {
    let turns = 0;
    const clock = setInterval(() => turns++, 20);
    await expect(begin('spin', AbortSignal.timeout(1000))).rejects.toThrow(/timeout/);
    clearInterval(clock);
    expect(thread.alive).toBe(false);
    expect(turns).toBeGreaterThan(20);
  });
});

test('a trainer that can not run here says what to install', async () => {
  const start = ComputeThread.start({ trainer: { trainer: 'tensor', backend: 'node-gpu' }, measure: false });
  await expect(start).rejects.toThrow(/npm install --no-save @tensorflow\/tfjs-node-gpu@4.22.0/);
});
