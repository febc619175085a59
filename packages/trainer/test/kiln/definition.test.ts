import { lowerNetwork, stageNames } from '@bitkiln/core';
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
