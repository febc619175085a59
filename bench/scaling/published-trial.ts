import { presets } from '@bitkiln/core';
import { initialParameters, type Trainer } from '@bitkiln/trainer';
import { networks, programOf } from '../trainer/networks.ts';
import { noiseImages } from '../trainer/rate.ts';

const trainImages = 200_000;
const validationImages = 10_000;

/**
 * One float trial as the published protocol has it, whole: every epoch trained, validated and checkpointed. Nothing is
 * left out of the time, which starts with the first epoch.
 */
export async function publishedTrial(
  trainer: Trainer,
): Promise<{ readonly seconds: number; readonly rate: number }> {
  const program = programOf(networks.reference);
  const settings = presets.published.float;
  const task = {
    program,
    stage: 'float',
    settings,
    startParameters: initialParameters(program, 1, 0),
    train: noiseImages(trainImages, program),
    validation: noiseImages(validationImages, program),
    experimentSeed: 1,
    trialIndex: 0,
  } as const;
  const start = performance.now();
  let epochs = 0;
  for await (const { epoch } of trainer.train(task)) epochs = epoch + 1;
  const seconds = (performance.now() - start) / 1000;
  return { seconds, rate: (epochs * trainImages) / seconds };
}
