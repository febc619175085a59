import { type Model, ModelError, type Strategy, writeModelJson } from '@bitkiln/core';
import { exportAvr, type WeightPlace } from './avr/avr.ts';
import { exportC99 } from './c99/c99.ts';
import type { Files } from './files.ts';
import { exportOnnx } from './onnx/onnx.ts';

export const exportTargets = ['c99', 'avr', 'keras', 'onnx', 'json'] as const;
export type ExportTarget = (typeof exportTargets)[number];

export interface ExportSettings {
  /** How convolutions work in place, in C alone; herringbone where nothing is said. */
  readonly strategy?: Strategy;
  /** Where an ATmega328P keeps the weights; in RAM, as in the published work, where nothing is said. */
  readonly weights?: WeightPlace;
}

/**
 * A trained model as files for a target: C for any machine, firmware for an ATmega328P, a Keras file, an ONNX graph,
 * or JSON of integers and shifts.
 * @throws ModelError for a model of the float stage, which Keras alone can hold, and for one that does not fit
 * an ATmega328P
 * @throws NetworkError where a sum could overflow 32 bits
 */
export async function exportModel(
  model: Model,
  target: ExportTarget,
  { strategy = 'herringbone', weights = 'ram' }: ExportSettings = {},
): Promise<Files> {
  if (model.stage === 'float' && target !== 'keras') {
    throw new ModelError('stage', model.stage, `a quantized stage: ${target} holds integers`);
  }
  switch (target) {
    case 'c99':
      return exportC99(model, strategy);
    case 'avr':
      return exportAvr(model, strategy, weights);
    case 'onnx':
      return exportOnnx(model);
    case 'json':
      return { 'model.json': writeModelJson(model) };
    case 'keras': {
      // The HDF5 library is large: only who asks for it loads it.
      const { writeKerasModel } = await import('@bitkiln/core/keras');
      return { 'model.h5': await writeKerasModel(model) };
    }
  }
}
