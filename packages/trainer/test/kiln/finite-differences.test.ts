import { elements, stageNames } from '@bitkiln/core';
import { describe, expect, it } from 'vitest';
import { createBreather } from '../../src/kiln/training/breather.ts';
import { createSession } from '../../src/kiln/training/session.ts';
import { trialDrawStream } from '../../src/randomness/layer-draws.ts';
import type { TrialTask } from '../../src/trainer.ts';
import { effectiveParameters, forward } from './reference/forward.ts';
import { createLinearized } from './reference/linearized.ts';
import { drawsOf } from './reference/train.ts';
import { everyLayer, tinyTask } from './tasks.ts';

const samples = 5;
const step = 3;

/** The batch's mean loss in double precision, as a function of the trained parameters. */
function createLoss(task: TrialTask): (parameters: Float64Array<ArrayBuffer>) => number {
  const { program, stage, train } = task;
  const size = elements(program.input);
  const linearized = createLinearized();
  return (parameters) => {
    let loss = 0;
    for (let sample = 0; sample < samples; sample++) {
      const arithmetic = linearized.of(sample);
      const effective = effectiveParameters(program, stage, parameters, arithmetic);
      const image = Float64Array.from(
        train.images.subarray(sample * size, (sample + 1) * size),
        (v) => v / 256,
      );
      const draws = drawsOf(task, step, sample);
      const trace = forward(program, stage, { parameters, effective }, image, draws, arithmetic);
      const logits = trace.values.at(-1)!;
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      loss += (Math.log(total) - logits[train.labels[sample]!]!) / samples;
    }
    return loss;
  };
}

describe.each(stageNames)('gradients agree with finite differences in stage %s', (stage) => {
  it.each(everyLayer.map((task) => [task.network, task] as const))('%s', async (_network, tiny) => {
    const task = tinyTask({ ...tiny, stage });
    const { program, experimentSeed, trialIndex } = task;
    const session = createSession(program, stage, trialDrawStream(experimentSeed, stage, trialIndex), false);
    session.load(task.startParameters!);
    const indices = Uint32Array.from({ length: samples }, (_, i) => i);
    const { gradients } = await session.trainBatch(task.train, indices, step, createBreather(undefined));
    const loss = createLoss(task);
    const parameters = Float64Array.from(task.startParameters!);
    loss(parameters);
    const largest = Math.max(...gradients.map(Math.abs));
    expect(largest).toBeGreaterThan(1e-3);
    for (const { kind, offset, length } of program.slots) {
      const trained = stage === 'movingScales' || kind === 'kernel' || kind === 'bias';
      const stride = Math.ceil(length / 40);
      for (let i = offset; i < offset + length; i += stride) {
        const difference = trained ? centralDifference(loss, parameters, i) : 0;
        if (Math.abs(gradients[i]! - difference) > 2e-5 * Math.max(1, largest)) {
          throw new Error(`${kind} ${i - offset}: gradient ${gradients[i]}, finite difference ${difference}`);
        }
      }
    }
  });
});

function centralDifference(
  loss: (parameters: Float64Array<ArrayBuffer>) => number,
  parameters: Float64Array<ArrayBuffer>,
  index: number,
): number {
  const h = 1e-4;
  const at = parameters[index]!;
  parameters[index] = at + h;
  const above = loss(parameters);
  parameters[index] = at - h;
  const below = loss(parameters);
  parameters[index] = at;
  return (above - below) / (2 * h);
}
