import { lowerNetwork, type Program, parseNetwork, type Shape, type StageName } from '@bitkiln/core';

export const mnistShape: Shape = { rows: 28, cols: 28, channels: 1 };

/** The networks that trainers are compared on. */
export const networks = {
  reference: 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)',
  depthwise: 'A(2,4) C(8,3x3) DSC(16,3x3) M(2) DSC(24,3x3) D(0.1) S(10)',
  dense: 'A(2,4) F(48) F(24) S(10)',
} as const;

export const stageLabels: Record<StageName, string> = {
  float: 'float',
  movingScales: 'quantized-moving-scales',
  frozenScales: 'quantized-frozen-scales',
};

export function programOf(network: string, shape: Shape = mnistShape): Program {
  return lowerNetwork(parseNetwork(network), shape);
}
