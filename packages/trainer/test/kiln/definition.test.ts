import { stageNames } from '@bitkiln/core';
import { describe, expect, it } from 'vitest';
import { createKilnTrainer } from '../../src/kiln/kiln-trainer.ts';
import type { TrialTask } from '../../src/trainer.ts';
import { trainByDefinition } from './reference/train.ts';
import { everyLayer, sha256, tinyTask } from './tasks.ts';

async function trainWithKiln(task: TrialTask): Promise<Float32Array> {
  let parameters: Float32Array = new Float32Array();
  for await (const epoch of createKilnTrainer().train(task)) parameters = epoch.checkpoint.parameters;
  return parameters;
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
