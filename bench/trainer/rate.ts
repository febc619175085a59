import { calibrate, elements, type Program, type StageName } from '@bitkiln/core';
import { initialParameters, type LabelledImages, type Trainer, type TrialTask } from '@bitkiln/trainer';

const batchSize = 1024;
const seed = 1;

/** Images of noise: the time of a step does not depend on what they show. */
export function noiseImages(count: number, program: Program): LabelledImages {
  const pixels = count * elements(program.input);
  const images = new Uint8Array(new SharedArrayBuffer(pixels));
  for (let i = 0; i < pixels; i++) images[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  const classes = elements(program.output);
  return { images, labels: Uint8Array.from({ length: count }, (_, i) => i % classes), count };
}

export interface RateOptions {
  /** Batches of 1024 timed at a time. */
  readonly batches: number;
  /** How often; the fastest time counts, since other processes only ever slow a slice. */
  readonly slices: number;
}

/** A trial of short epochs for timing: nearly nothing to validate, quantized stages calibrated on noise. */
export function timingTask(program: Program, stage: StageName, batches: number, epochs: number): TrialTask {
  const train = noiseImages(batches * batchSize, program);
  const fresh = initialParameters(program, seed, 0);
  return {
    program,
    stage,
    settings: { trials: 1, epochs, batchSize, learningRate: { initial: 1e-4, decay: 1, minimum: 1e-4 } },
    startParameters: stage === 'float' ? fresh : calibrate(program, fresh, train.images),
    train,
    validation: {
      images: train.images.subarray(0, elements(program.input)),
      labels: train.labels.subarray(0, 1),
      count: 1,
    },
    experimentSeed: seed,
    trialIndex: 0,
  };
}

/** Training samples a second: whole steps, gathering to Adam. The first slices, while V8 compiles, never win. */
export async function samplesPerSecond(
  trainer: Trainer,
  program: Program,
  stage: StageName,
  { batches, slices }: RateOptions,
): Promise<number> {
  const task = timingTask(program, stage, batches, slices);
  let fastest = Number.POSITIVE_INFINITY;
  for await (const { durationMs } of trainer.train(task)) fastest = Math.min(fastest, durationMs);
  return (1000 * task.train.count) / fastest;
}
