import { elements, lowerNetwork, parseNetwork, type StageName } from '@bitkiln/core';
import { initialParameters } from './randomness/initial-parameters.ts';
import type { LabelledImages, Trainer, TrialTask } from './trainer.ts';

/** The network by which trainers are compared. */
const referenceNetwork = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
const batchSize = 1024;
const batches = 6;

/**
 * Images a second that a trainer trains on the reference network in batches of 1024: whole steps, from gathering
 * to Adam, over one epoch of noise after another to warm up. Takes a second or so.
 */
export async function measureSamplesPerSecond(trainer: Trainer, stage: StageName = 'float'): Promise<number> {
  const program = lowerNetwork(parseNetwork(referenceNetwork), { rows: 28, cols: 28, channels: 1 });
  const train = noise(batchSize * batches, elements(program.input));
  const task: TrialTask = {
    program,
    stage,
    settings: { trials: 1, epochs: 2, batchSize, learningRate: { initial: 1e-3, decay: 1, minimum: 1e-3 } },
    startParameters: initialParameters(program, 0, 0),
    train,
    validation: noise(1, elements(program.input)),
    experimentSeed: 0,
    trialIndex: 0,
  };
  let rate = 0;
  for await (const { durationMs } of trainer.train(task)) rate = (1000 * train.count) / durationMs;
  return rate;
}

/** Images of multiplicative noise: the time of a step does not depend on what they show. */
function noise(count: number, pixels: number): LabelledImages {
  return {
    images: Uint8Array.from({ length: count * pixels }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    count,
  };
}
