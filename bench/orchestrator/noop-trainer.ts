import type { Trainer } from '@bitkiln/trainer';

/**
 * Gives each epoch at once: figures that differ from trial to trial, and checkpoints of the network's real size. What
 * is left of a trial's time is the orchestrator's.
 */
export const noopTrainer: Trainer = {
  numericsId: { trainer: 'no-op', definition: 1, options: 'benchmark', reproducible: true },
  async *train(task, { resumeFrom } = {}) {
    const { parameterCount } = task.program;
    for (let epoch = resumeFrom?.epochsDone ?? 0; epoch < task.settings.epochs; epoch += 1) {
      const spread = ((task.trialIndex * 7919 + epoch * 104_729) % 1000) / 1000;
      yield {
        epoch,
        learningRate: 1e-3,
        trainLoss: 1 + spread,
        validationLoss: 1 + spread,
        validationCorrect: Math.round(task.validation.count * (0.9 - spread / 10)),
        durationMs: 0,
        checkpoint: {
          epochsDone: epoch + 1,
          steps: epoch + 1,
          parameters: new Float32Array(parameterCount),
          firstMoment: new Float32Array(parameterCount),
          secondMoment: new Float32Array(parameterCount),
        },
      };
    }
  },
  dispose: () => undefined,
};
