import type { Protocol } from './protocol.ts';

export const presetNames = ['published', 'quick'] as const;
export type PresetName = (typeof presetNames)[number];

const floatRate = { initial: 0.005, decay: 0.95, minimum: 1e-4 };
const quantizedRate = { initial: 0.005, decay: 0.98, minimum: 1e-4 };

/** Whole protocols by name. */
export const presets: Readonly<Record<PresetName, Protocol>> = {
  /** As Gural and Murmann (ICML 2019) trained. */
  published: {
    float: { trials: 50, epochs: 50, batchSize: 1024, learningRate: floatRate },
    movingScales: { trials: 10, epochs: 100, batchSize: 1024, learningRate: quantizedRate },
    frozenScales: { trials: 10, epochs: 200, batchSize: 1024, learningRate: quantizedRate },
  },
  /** For a first look on a small machine; the rates fall faster because the stages are short. */
  quick: {
    float: {
      trials: 3,
      epochs: 15,
      batchSize: 1024,
      learningRate: { initial: 0.01, decay: 0.85, minimum: 1e-4 },
    },
    movingScales: {
      trials: 2,
      epochs: 8,
      batchSize: 1024,
      learningRate: { initial: 0.005, decay: 0.75, minimum: 1e-4 },
    },
    frozenScales: {
      trials: 2,
      epochs: 6,
      batchSize: 1024,
      learningRate: { initial: 0.002, decay: 0.7, minimum: 1e-4 },
    },
  },
};
