import { bitsAt, type Stream, substream } from '../random/stream.ts';

/** What an augmented set draws: the elastic copies of both kinds, and the images kept at the end. */
export type AugmentationPurpose = 'minor' | 'major' | 'selection';

/**
 * The named stream of one purpose of an augmented set; copy `k` of training image `i` takes
 * `substream(stream, i, k)`.
 * @throws RangeError where the seed is not an integer in [0, 2^32).
 */
export function augmentationStream(seed: number, purpose: AugmentationPurpose): Stream {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`augmentation seed is ${seed}; expected an integer from 0 to 2^32 - 1`);
  }
  const name = `augmentation/${purpose}`;
  return substream(
    { key0: seed, key1: 0 },
    ...Array.from({ length: name.length }, (_, i) => name.charCodeAt(i)),
  );
}

/**
 * `count` of the indices 0 to `from - 1` drawn without replacement, ascending: the first `count` steps of a
 * Fisher-Yates shuffle, step i taking draw i of the stream.
 * @throws RangeError where count exceeds from.
 */
export function drawIndices(count: number, from: number, stream: Stream): Uint32Array {
  if (count > from) throw new RangeError(`cannot draw ${count} without replacement from ${from}`);
  const order = Uint32Array.from({ length: from }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(bitsAt(stream, i) * (from - i) * 2 ** -32);
    const drawn = order[j]!;
    order[j] = order[i]!;
    order[i] = drawn;
  }
  return order.slice(0, count).sort();
}
