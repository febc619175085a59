import { readFileSync } from 'node:fs';
import { type Model, readModelJson } from '@bitkiln/core';

const text = readFileSync(new URL('../golden/published-model.json', import.meta.url), 'utf8');

export interface PublishedFigures {
  readonly expected: {
    readonly validationCorrectInt16Logits: number;
    readonly testCorrectInt16Logits: number;
    readonly validationCorrect8BitLogits: number;
    readonly validationLoss8BitLogits: number;
    readonly testCorrect8BitLogits: number;
    readonly testLoss8BitLogits: number;
  };
  /** The integers after every stage that changes any, for some test images. */
  readonly activations: readonly {
    readonly testImage: number;
    readonly label: number;
    readonly stages: readonly (readonly number[])[];
  }[];
  readonly parameters: readonly { readonly kernelInt4: number[]; readonly biasInt8: number[] }[];
}

export const publishedFigures: PublishedFigures = JSON.parse(text);

/** The published quantized winner. */
export function publishedModel(): Model {
  return readModelJson(text);
}
