import { setImmediate } from 'node:timers/promises';
import { classOf, crossEntropy, learningRateAt } from '@bitkiln/core';
import { epochOrder } from '../randomness/epoch-order.ts';
import { trialDrawStream } from '../randomness/layer-draws.ts';
import type { Checkpoint, EpochResult, TrialTask } from '../trainer.ts';
import { type AdamState, adamStep, createAdamRate } from '../trial/adam.ts';
import { startState } from '../trial/start-state.ts';
import { evaluationLogits, lossAndGradient, splitResult } from './loss-gradient.ts';

/** Images in a batch of evaluation; it decides no result. */
const evaluationBatch = 1000;

/** What the steps of one trial share. */
interface Context {
  readonly task: TrialTask;
  readonly signal: AbortSignal | undefined;
  /** Makes the trainer's backend the current one. */
  readonly useBackend: () => Promise<void>;
}

/** Where a trial stands between two steps. */
interface Progress {
  readonly state: AdamState;
  steps: number;
  /** Adam's step size in the next step. */
  readonly nextRate: (learningRate: number) => number;
}

/** Trains one trial; see `Trainer.train`. The task is taken as checked. */
export async function* trainTrial(
  context: Context,
  resumeFrom: Checkpoint | undefined,
): AsyncGenerator<EpochResult, void, void> {
  const { task } = context;
  const steps = resumeFrom?.steps ?? 0;
  const state = startState(task, resumeFrom);
  const progress: Progress = { state, steps, nextRate: createAdamRate(steps) };
  for (let epoch = resumeFrom?.epochsDone ?? 0; epoch < task.settings.epochs; epoch++) {
    const start = performance.now();
    const learningRate = learningRateAt(task.settings.learningRate, epoch);
    const trainLoss = await trainEpoch(context, progress, epoch, learningRate);
    const validation = await validate(context, state.parameters);
    yield {
      epoch,
      learningRate,
      trainLoss,
      ...validation,
      durationMs: performance.now() - start,
      checkpoint: {
        epochsDone: epoch + 1,
        steps: progress.steps,
        parameters: state.parameters.slice(),
        firstMoment: state.firstMoment.slice(),
        secondMoment: state.secondMoment.slice(),
      },
    };
  }
}

/** Returns the mean training loss over the epoch's images. */
async function trainEpoch(
  context: Context,
  progress: Progress,
  epoch: number,
  learningRate: number,
): Promise<number> {
  const { task } = context;
  const { program, stage, settings, train, experimentSeed, trialIndex } = task;
  const order = epochOrder(train.count, experimentSeed, stage, trialIndex, epoch);
  const draws = trialDrawStream(experimentSeed, stage, trialIndex);
  const gradient = new Float32Array(program.parameterCount);
  let lossSum = 0;
  for (let from = 0; from < train.count; from += settings.batchSize) {
    await beforeBatch(context);
    const indices = order.subarray(from, from + settings.batchSize);
    const batch = { data: train, indices, draws, step: progress.steps };
    const tensor = lossAndGradient(program, stage, progress.state.parameters, batch);
    const result = await tensor.data<'float32'>();
    tensor.dispose();
    lossSum += splitResult(result, program, stage, gradient) * indices.length;
    adamStep(progress.state, gradient, progress.nextRate(learningRate));
    progress.steps++;
  }
  return lossSum / train.count;
}

async function validate(
  context: Context,
  parameters: Float32Array,
): Promise<Pick<EpochResult, 'validationLoss' | 'validationCorrect'>> {
  const { program, stage, validation } = context.task;
  const classes = program.output.channels;
  let lossSum = 0;
  let validationCorrect = 0;
  for (let from = 0; from < validation.count; from += evaluationBatch) {
    await beforeBatch(context);
    const length = Math.min(evaluationBatch, validation.count - from);
    const indices = Uint32Array.from({ length }, (_, i) => from + i);
    const tensor = evaluationLogits(program, stage, parameters, validation, indices);
    const logits = await tensor.data<'float32'>();
    tensor.dispose();
    for (const [i, index] of indices.entries()) {
      const image = logits.subarray(i * classes, (i + 1) * classes);
      const label = validation.labels[index]!;
      lossSum += crossEntropy(image, label);
      if (classOf(image) === label) validationCorrect++;
    }
  }
  return { validationLoss: lossSum / validation.count, validationCorrect };
}

/** Lets the event loop turn, so that locks are renewed and aborts arrive, and ends here if one has. */
async function beforeBatch({ signal, useBackend }: Context): Promise<void> {
  await setImmediate();
  if (signal?.aborted) {
    throw new DOMException('training was aborted', { name: 'AbortError', cause: signal.reason });
  }
  await useBackend();
}
