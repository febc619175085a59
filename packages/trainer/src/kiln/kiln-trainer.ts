import { learningRateAt } from '@bitkiln/core';
import { epochOrder } from '../randomness/epoch-order.ts';
import { trialDrawStream } from '../randomness/layer-draws.ts';
import type { Checkpoint, EpochResult, NumericsId, Trainer, TrialTask } from '../trainer.ts';
import { adamStep, createAdamRate } from '../trial/adam.ts';
import { checkTask } from '../trial/check-task.ts';
import { startState } from '../trial/start-state.ts';
import { createBreather } from './training/breather.ts';
import { createSession } from './training/session.ts';

/** Version of the arithmetic in docs/trainer-definition.md. */
const definition = 1;

export interface KilnOptions {
  /** Use relaxed multiply-add: faster where the hardware fuses it, but its bytes differ between hosts. */
  readonly relaxed?: boolean;
}

/**
 * The CPU trainer: WebAssembly SIMD emitted for the network and stage at hand. With plain SIMD the same task
 * gives the same bytes on every host (docs/trainer-definition.md). Training computes on the calling thread; it
 * lets the event loop turn, and looks at the abort signal, every 20 ms.
 */
export function createKilnTrainer({ relaxed = false }: KilnOptions = {}): Trainer {
  const numericsId: NumericsId = {
    trainer: 'kiln',
    definition,
    options: relaxed ? 'simd=relaxed' : 'simd=plain',
    reproducible: !relaxed,
  };
  return {
    numericsId,
    train: (task, options = {}) => trainTrial(task, relaxed, options),
    dispose: () => {},
  };
}

async function* trainTrial(
  task: TrialTask,
  relaxed: boolean,
  { resumeFrom, signal }: { readonly resumeFrom?: Checkpoint; readonly signal?: AbortSignal },
): AsyncGenerator<EpochResult, void, void> {
  checkTask(task, resumeFrom);
  const { program, stage, settings, train, validation, experimentSeed, trialIndex } = task;
  const session = createSession(program, stage, trialDrawStream(experimentSeed, stage, trialIndex), relaxed);
  const state = startState(task, resumeFrom);
  const breather = createBreather(signal);
  const nextRate = createAdamRate(resumeFrom?.steps ?? 0);
  let step = resumeFrom?.steps ?? 0;
  for (let epoch = resumeFrom?.epochsDone ?? 0; epoch < settings.epochs; epoch++) {
    const started = performance.now();
    const learningRate = learningRateAt(settings.learningRate, epoch);
    const order = epochOrder(train.count, experimentSeed, stage, trialIndex, epoch);
    let loss = 0;
    for (let first = 0; first < train.count; first += settings.batchSize) {
      breather.check();
      session.load(state.parameters);
      const indices = order.subarray(first, Math.min(train.count, first + settings.batchSize));
      const batch = await session.trainBatch(train, indices, step, breather);
      adamStep(state, batch.gradients, nextRate(learningRate));
      loss += batch.loss;
      step++;
    }
    session.load(state.parameters);
    const evaluation = await session.evaluate(validation, breather);
    yield {
      epoch,
      learningRate,
      trainLoss: loss / train.count,
      validationLoss: evaluation.loss,
      validationCorrect: evaluation.correct,
      durationMs: performance.now() - started,
      checkpoint: {
        epochsDone: epoch + 1,
        steps: step,
        parameters: state.parameters.slice(),
        firstMoment: state.firstMoment.slice(),
        secondMoment: state.secondMoment.slice(),
      },
    };
  }
}
