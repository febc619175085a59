export { createKilnTrainer, type KilnOptions } from './kiln/kiln-trainer.ts';
export { epochOrder } from './randomness/epoch-order.ts';
export { initialParameters } from './randomness/initial-parameters.ts';
export { dropoutFactors, gaussianNoise, trialDrawStream } from './randomness/layer-draws.ts';
export type { Checkpoint, EpochResult, LabelledImages, NumericsId, Trainer, TrialTask } from './trainer.ts';
