import { bitsAt, deriveStream, type StageName, substream } from '@bitkiln/core';

/**
 * The order in which epoch `epoch` of a trial visits its `count` training images: a permutation of 0 to
 * count - 1, shuffled after Fisher and Yates, a function of the arguments alone.
 */
export function epochOrder(
  count: number,
  experimentSeed: number,
  stage: StageName,
  trial: number,
  epoch: number,
): Uint32Array {
  const stream = substream(deriveStream(experimentSeed, stage, trial, 'epoch-order'), epoch);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(bitsAt(stream, i) * (i + 1) * 2 ** -32);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
