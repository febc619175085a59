import { setImmediate } from 'node:timers/promises';
import { classOf, crossEntropy, learningRateAt } from '@bitkiln/core';
import { epochOrder } from '../randomness/epoch-order.ts';
import { initialParameters } from '../randomness/initial-parameters.ts';
import { trialDrawStream } from '../randomness/layer-draws.ts';
import type { Checkpoint, EpochResult, TrialTask } from '../trainer.ts';
import { type AdamState, adamStep, DecayPowers } from './adam.ts';
import { evaluationLogits, lossAndGradient, splitResult } from './loss-gradient.ts';

/** Images in a batch of evaluation; it decides no result. */
const evaluationBatch = 1000;

interface TrainingState extends AdamState {
  steps: number;
}

/** What the steps of one trial share. */
interface Context {
  readonly task: TrialTask;
  readonly signal: AbortSignal | undefined;
  /** Makes the trainer's backend the current one. */
  readonly useBackend: () => Promise<void>;
}

/** Trains one trial; see `Trainer.train`. The task is taken as checked. */
export async function* trainTrial(
  context: Context,
  resumeFrom: Checkpoint | undefined,
): AsyncGenerator<EpochResult, void, void> {
  const { task } = context;
  const state = initialState(task, resumeFrom);
  const powers = new DecayPowers(state.steps);
  for (let epoch = resumeFrom?.epochsDone ?? 0; epoch < task.settings.epochs; epoch++) {
    const start = performance.now();
    const learningRate = learningRateAt(task.settings.learningRate, epoch);
    const trainLoss = await trainEpoch(context, state, powers, epoch, learningRate);
    const validation = await validate(context, state.parameters);
    yield {
      epoch,
      learningRate,
      trainLoss,
      ...validation,
      durationMs: performance.now() - start,
      checkpoint: {
        epochsDone: epoch + 1,
        steps: state.steps,
        parameters: state.parameters.slice(),
        firstMoment: state.firstMoment.slice(),
        secondMoment: state.secondMoment.slice(),
      },
    };
  }
}

function initialState(task: TrialTask, resumeFrom: Checkpoint | undefined): TrainingState {
  const { program, startParameters, experimentSeed, trialIndex } = task;
  if (resumeFrom !== undefined) {
    return {
      steps: resumeFrom.steps,
      parameters: resumeFrom.parameters.slice(),
      firstMoment: resumeFrom.firstMoment.slice(),
      secondMoment: resumeFrom.secondMoment.slice(),
    };
  }
  return {
    steps: 0,
    parameters: startParameters?.slice() ?? initialParameters(program, experimentSeed, trialIndex),
    firstMoment: new Float32Array(program.parameterCount),
    secondMoment: new Float32Array(program.parameterCount),
  };
}

/** Returns the mean training loss over the epoch's images. */
async function trainEpoch(
  context: Context,
  state: TrainingState,
  powers: DecayPowers,
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
    const batch = { data: train, indices, draws, step: state.steps };
    const tensor = lossAndGradient(program, stage, state.parameters, batch);
    const result = await tensor.data<'float32'>();
    tensor.dispose();
    lossSum += splitResult(result, program, stage, gradient) * indices.length;
    powers.advance();
    adamStep(state, gradient, learningRate * powers.correction);
    state.steps++;
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
