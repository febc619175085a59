import { lowerNetwork, type StageName, stageNames } from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validNetwork } from '../../../core/test/network/arbitrary-network.ts';
import { createKilnTrainer } from '../../src/kiln/kiln-trainer.ts';
import type { TrialTask } from '../../src/trainer.ts';
import { trainByDefinition } from './reference/train.ts';
import { everyLayer, lastEpoch, sha256, taskOf, tinyTask } from './tasks.ts';

async function trainWithKiln(task: TrialTask): Promise<Float32Array> {
  return (await lastEpoch(createKilnTrainer().train(task))).checkpoint.parameters;
}

describe.each(stageNames)('kiln follows its definition in stage %s, to the byte', (stage) => {
  it.each(everyLayer.map((task) => [task.network, task] as const))('%s', async (_network, tiny) => {
    const task = tinyTask({ ...tiny, stage, epochs: 2 });
    const expected = trainByDefinition(task);
    const actual = await trainWithKiln(task);
    expect(actual).toEqual(expected);
    const start = task.startParameters!;
    expect(actual.every(Number.isFinite)).toBe(true);
    const moved = new Set<string>();
    for (const { kind, offset, length } of task.program.slots) {
      for (let i = offset; i < offset + length; i++) if (actual[i] !== start[i]) moved.add(kind);
    }
    const weights = ['kernel', 'bias'];
    const thresholds = ['weightThreshold', 'biasThreshold', 'activationThreshold'];
    expect([...moved].sort()).toEqual(
      (stage === 'movingScales' ? [...weights, ...thresholds] : weights).sort(),
    );
    expect(sha256(actual)).toBe(sha256(expected));
  });
});

it('follows its definition on any network, in any stage', async () => {
  await fc.assert(
    fc.asyncProperty(validNetwork, fc.constantFrom(...stageNames), async ({ layers, input }, stage) => {
      const task = taskOf(lowerNetwork(layers, input), { stage, count: 19, batchSize: 18 });
      expect(sha256(await trainWithKiln(task))).toBe(sha256(trainByDefinition(task)));
    }),
    { numRuns: 120 },
  );
});

/** Kernels -1 and 1/2 over every pixel there is, at scale 1/4: levels a tie below the lowest and above the highest. */
function tiesAtTheEnds(network: string, stage: StageName): TrialTask {
  const input = { rows: 16, cols: 16, channels: 1 };
  const task = tinyTask({ network, input, stage, count: 4, epochs: 2 });
  const start = task.startParameters!.slice();
  for (const { kind, op, offset } of task.program.slots) {
    if (op !== 0) continue;
    if (kind === 'kernel') start.set([-1, 0.5], offset);
    else if (kind === 'bias') start.set([0, 0], offset);
    else start[offset] = kind === 'activationThreshold' ? -2 : 0;
  }
  const images = Uint8Array.from({ length: 4 * 256 }, (_, i) => i % 256);
  return { ...task, startParameters: start, train: { ...task.train, images } };
}

it.each(['CN(2,1x1)@w4a4', 'CN(2,1x1)@w4a2', 'CN(2,1x1)@w4a1', 'C(2,1x1)@w4a4', 'C(2,1x1)@w4a1'])(
  'rounds ties at the ends of the range of %s as its definition does',
  async (layer) => {
    for (const stage of ['movingScales', 'frozenScales'] as const) {
      const task = tiesAtTheEnds(`${layer} S(2)`, stage);
      expect(sha256(await trainWithKiln(task))).toBe(sha256(trainByDefinition(task)));
    }
  },
);
