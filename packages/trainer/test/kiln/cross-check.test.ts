import { lowerNetwork, stageNames } from '@bitkiln/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validNetwork } from '../../../core/test/network/arbitrary-network.ts';
import { createKilnTrainer } from '../../src/kiln/kiln-trainer.ts';
import { createTensorTrainer } from '../../src/tensor/tensor-trainer.ts';
import type { EpochResult, Trainer, TrialTask } from '../../src/trainer.ts';
import { everyLayer, lastEpoch, taskOf, tinyTask } from './tasks.ts';

let tensor: Trainer;
beforeAll(async () => {
  tensor = await createTensorTrainer({ backend: 'wasm' });
});
afterAll(() => tensor.dispose());

/** The gradient of a trial's only step: after it the first moment is 0.1 times the gradient. */
function gradientOf(epoch: EpochResult): number[] {
  expect(epoch.checkpoint.steps).toBe(1);
  return [...epoch.checkpoint.firstMoment].map((moment) => moment * 10);
}

async function expectAgreement(task: TrialTask): Promise<void> {
  const ours = await lastEpoch(createKilnTrainer().train(task));
  const theirs = await lastEpoch(tensor.train(task));
  expect(Math.abs(ours.trainLoss - theirs.trainLoss)).toBeLessThan(1e-5 * Math.max(1, theirs.trainLoss));
  const [a, b] = [gradientOf(ours), gradientOf(theirs)];
  const largest = Math.max(1, ...b.map(Math.abs));
  const worst = Math.max(...a.map((gradient, i) => Math.abs(gradient - b[i]!)));
  expect(worst).toBeLessThan(1e-5 * largest);
}

describe.each(stageNames)('kiln and the tensor trainer agree to 1e-5 in stage %s', (stage) => {
  it.each(everyLayer.map((task) => [task.network, task] as const))('%s', async (_network, tiny) => {
    await expectAgreement(tinyTask({ ...tiny, stage, count: 24, batchSize: 24 }));
  });
});

/**
 * Quantizers round sums of values on grids, which are exact in any order. Dropout's factor takes values off their
 * grid: then the order of a sum may decide to which side of a step it falls, so those networks are compared in the
 * float stage alone (and to the byte with the reference in every stage).
 */
it('agree on any network, in any stage', async () => {
  await fc.assert(
    fc.asyncProperty(validNetwork, fc.constantFrom(...stageNames), async ({ layers, input }, stage) => {
      fc.pre(stage === 'float' || !layers.some((layer) => layer.code === 'D' && layer.rate > 0));
      await expectAgreement(taskOf(lowerNetwork(layers, input), { stage, count: 20, batchSize: 20 }));
    }),
    { numRuns: 60 },
  );
});
