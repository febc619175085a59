import type { StageName } from '@bitkiln/core';
import { createKilnTrainer } from '../../src/kiln/kiln-trainer.ts';
import { lastEpoch, sha256, tinyTask } from './tasks.ts';

/** SHA-256 of the weights of a short trial of the reference network with noise added, on synthetic images. */
export async function referenceTrialHash(stage: StageName): Promise<string> {
  const task = tinyTask({
    network: 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) N(0.05)@a4 S(10)',
    input: { rows: 28, cols: 28, channels: 1 },
    stage,
    count: 1500,
    batchSize: 400,
    epochs: 3,
  });
  return sha256((await lastEpoch(createKilnTrainer().train(task))).checkpoint.parameters);
}
