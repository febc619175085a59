import { legacyGenerator } from '../random/mt19937.ts';

export interface ValidationSplit {
  /** Validation indices in the order drawn. */
  readonly drawn: Uint32Array;
  /** One byte for each of the population: 1 for validation, 0 for training. */
  readonly mask: Uint8Array;
  /** Ascending. */
  readonly training: Uint32Array;
  /** Ascending. */
  readonly validation: Uint32Array;
}

/**
 * Draws `size` validation images out of `population` without replacement, as NumPy's
 * `RandomState(seed).choice(population, size, replace=False)` does.
 * @throws RangeError
 */
export function validationSplit(population: number, size: number, seed: number): ValidationSplit {
  const drawn = legacyGenerator(seed).choice(population, size);
  const mask = new Uint8Array(population);
  for (const index of drawn) mask[index] = 1;
  const training = new Uint32Array(population - size);
  let next = 0;
  for (let index = 0; index < population; index++) if (mask[index] === 0) training[next++] = index;
  return { drawn, mask, training, validation: drawn.slice().sort() };
}
