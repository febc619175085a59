import {
  layerCosts,
  lowerNetwork,
  type Program,
  type Protocol,
  parseNetwork,
  stageNames,
} from '@bitkiln/core';

/** The network by which workers measure their samples a second, on images of 28x28x1. */
const reference = lowerNetwork(parseNetwork('A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)'), {
  rows: 28,
  cols: 28,
  channels: 1,
});

export interface Work {
  readonly program: Program;
  readonly protocol: Protocol;
  readonly trainImages: number;
  readonly validationImages: number;
}

/**
 * Seconds that workers with these rates (samples a second on the reference network) would take for all stages.
 * Time goes with multiply-accumulates; a validation image takes the forward pass, a third of training's.
 */
export function estimateSeconds(work: Work, rates: readonly number[]): number {
  const { program, protocol, trainImages, validationImages } = work;
  const sampleCost = macsOf(program) / macsOf(reference);
  const epochCost = sampleCost * (trainImages + validationImages / 3);
  const meanRate = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  return stageNames.reduce((seconds, name) => {
    const { trials, epochs } = protocol[name];
    const rounds = Math.max(trials / rates.length, 1);
    return seconds + (rounds * epochs * epochCost) / meanRate;
  }, 0);
}

/** Multiply-accumulates an image, over all layers. */
export function macsOf(program: Program): number {
  return layerCosts(program).reduce((sum, { macs }) => sum + macs, 0);
}
