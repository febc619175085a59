import { type FieldValues, layerFields } from './fields.ts';
import { pixelQuantizer } from './input-quantizer.ts';
import type { LayerCode } from './layer.ts';

/** A layer whose bits may still be missing. */
export interface LayerDraft {
  readonly code: LayerCode;
  readonly values: FieldValues;
}

/**
 * Fills in the bits that a network leaves out. Weighted layers have 4 for weights, 8 for biases and 4 for
 * activations, but S has 8; N and Q have 4. M and D have the bits of their input (8 for pixels), and A, as in
 * a Keras file, those of the next weighted layer's activations (4 where there is none).
 */
export function withDefaultBits(drafts: readonly LayerDraft[]): LayerDraft[] {
  const complete = drafts.map(withOwnDefaults);
  let next: unknown = 4;
  for (let i = complete.length - 1; i >= 0; i--) {
    const { code, values } = complete[i]!;
    if (isWeighted(code)) next = values.activationBits;
    else if (code === 'A') complete[i] = { code, values: { activationBits: next, ...values } };
  }
  let input: unknown = pixelQuantizer.bits;
  for (const [i, { code, values }] of complete.entries()) {
    if (code === 'M' || code === 'D') complete[i] = { code, values: { activationBits: input, ...values } };
    input = complete[i]!.values.activationBits;
  }
  return complete;
}

function withOwnDefaults({ code, values }: LayerDraft): LayerDraft {
  if (isWeighted(code)) {
    return { code, values: { weightBits: 4, biasBits: 8, activationBits: code === 'S' ? 8 : 4, ...values } };
  }
  if (code === 'N' || code === 'Q') return { code, values: { activationBits: 4, ...values } };
  return { code, values };
}

function isWeighted(code: LayerCode): boolean {
  return layerFields[code].includes('weightBits');
}
