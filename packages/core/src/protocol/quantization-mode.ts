import type { StageName } from './protocol.ts';

/** `none`: every quantizer is the identity; `moving`: thresholds learn; `frozen`: thresholds stand still. */
export type QuantizationMode = 'none' | 'moving' | 'frozen';

const modes: Readonly<Record<StageName, QuantizationMode>> = {
  float: 'none',
  movingScales: 'moving',
  frozenScales: 'frozen',
};

/** How a stage quantizes. */
export function quantizationMode(stage: StageName): QuantizationMode {
  return modes[stage];
}
