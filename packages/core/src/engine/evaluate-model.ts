import type { ImageSet } from '../data/dataset.ts';
import type { Model } from '../model/model.ts';
import { ModelError } from '../model/model-error.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { createForwardPass } from './forward/forward-pass.ts';
import { compileIntegerNetwork } from './integer/compile.ts';
import { createIntegerEngine } from './integer/integer-engine.ts';

export const engineNames = ['integer', 'fake-quantized', 'float'] as const;
export type EngineName = (typeof engineNames)[number];

/** Bits of the integer engine's logits where nothing else is asked for. */
const sumBits = 16;

/**
 * Counts how many images a model gets right, and its loss.
 * @param logitBits of the integer engine: 16 (the saturated sums, by default) or the activation bits of S; of
 * the fake-quantized network: the activation bits of S alone; of the float network: none
 * @throws ModelError where the model has no quantizers for a quantized engine, or for other logit bits
 * @throws NetworkError where the integer engine's accumulators could overflow
 */
export function evaluateModel(
  model: Model,
  images: ImageSet,
  { engine, logitBits }: { readonly engine: EngineName; readonly logitBits?: number },
): Evaluation {
  if (engine !== 'float' && model.stage === 'float') {
    throw new ModelError('engine', engine, 'float: a model of the float stage has no quantizers');
  }
  checkLogitBits(model, engine, logitBits);
  if (engine !== 'integer') {
    const pass = createForwardPass(model.program, model.parameters, engine);
    return evaluate((image) => pass.logits(image), images);
  }
  const logits = (logitBits ?? sumBits) === sumBits ? 'sums' : 'quantized';
  const integers = createIntegerEngine(compileIntegerNetwork(model), logits);
  const scaled = new Float64Array(model.program.output.channels);
  return evaluate((image) => {
    for (const [i, logit] of integers.logits(image).entries()) scaled[i] = logit * integers.logitUnit;
    return scaled;
  }, images);
}

function checkLogitBits({ program }: Model, engine: EngineName, logitBits: number | undefined): void {
  if (logitBits === undefined) return;
  const { activationBits } = program.layers.at(-1)!;
  const allowedBits: Record<EngineName, readonly number[]> = {
    integer: [sumBits, activationBits],
    'fake-quantized': [activationBits],
    float: [],
  };
  const allowed = allowedBits[engine];
  if (allowed.includes(logitBits)) return;
  const expected = allowed.length === 0 ? 'none' : [...new Set(allowed)].join(' or ');
  throw new ModelError('logitBits', logitBits, `${expected} with the ${engine} engine`);
}
