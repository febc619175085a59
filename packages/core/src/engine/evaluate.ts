import type { ImageSet } from '../data/dataset.ts';

export interface Evaluation {
  readonly correct: number;
  readonly total: number;
  /** Mean categorical cross-entropy. */
  readonly loss: number;
}

/** The first of the largest logits. */
export function classOf(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** -ln of the label's softmax probability, clipped to [1e-7, 1 - 1e-7]. */
export function crossEntropy(logits: ArrayLike<number>, label: number): number {
  const largest = logits[classOf(logits)]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - largest);
  const probability = Math.exp(logits[label]! - largest) / sum;
  return -Math.log(Math.min(Math.max(probability, 1e-7), 1 - 1e-7));
}

/**
 * Runs a classifier over images. `logitsOf` gives one image's logits as numbers of the network's own scale (the
 * integer engine's integers times their unit); the array may be reused from call to call.
 * @throws RangeError where there are no images, or a label is not one of the classes
 */
export function evaluate(
  logitsOf: (image: Uint8Array) => ArrayLike<number>,
  { images, labels, count }: ImageSet,
): Evaluation {
  if (count < 1) throw new RangeError(`there are ${count} images to evaluate; expected at least 1`);
  const size = images.length / count;
  let correct = 0;
  let loss = 0;
  for (let i = 0; i < count; i++) {
    const logits = logitsOf(images.subarray(i * size, (i + 1) * size));
    const label = labels[i]!;
    if (label >= logits.length) {
      throw new RangeError(`label ${i} is ${label}; expected a class below ${logits.length}`);
    }
    if (classOf(logits) === label) correct++;
    loss += crossEntropy(logits, label);
  }
  return { correct, total: count, loss: loss / count };
}
