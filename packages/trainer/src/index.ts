export { type ClassifyOptions, classifyImages } from './classify-images.ts';
export { createTrainer, type TrainerName, type TrainerSpec, trainerNames } from './create-trainer.ts';
export { type ExplainedOp, type Explanation, explainProgram, printExplanation } from './kiln/explain.ts';
export { measureSamplesPerSecond } from './measure.ts';
export { epochOrder } from './randomness/epoch-order.ts';
export { initialParameters } from './randomness/initial-parameters.ts';
export { dropoutFactors, gaussianNoise, trialDrawStream } from './randomness/layer-draws.ts';
export { type TensorBackend, tensorBackends } from './tensor/backend-names.ts';
export type { Checkpoint, EpochResult, LabelledImages, NumericsId, Trainer, TrialTask } from './trainer.ts';
