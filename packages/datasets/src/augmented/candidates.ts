import { setImmediate } from 'node:timers/promises';
import {
  type AugmentationPurpose,
  augmentationStream,
  type ElasticSettings,
  elasticCopier,
  elements,
  type ImageSet,
  type Shape,
  substream,
} from '@bitkiln/core';
import { sharedBytes } from '../image-set.ts';
import type { DataProgress, Watch } from '../progress.ts';

/** Images worked on between two turns of the event loop: some 20 ms. */
const slice = 256;

export interface CandidateOrder {
  readonly train: ImageSet;
  readonly shape: Shape;
  readonly seed: number;
  readonly purpose: Exclude<AugmentationPurpose, 'selection'>;
  readonly settings: ElasticSettings & { readonly copies: number };
  /** Whether each image stands before its copies. */
  readonly withOriginals: boolean;
  readonly phase: DataProgress['phase'];
}

/**
 * The elastic copies of every training image, an image's candidates one after the other. Copy k of image i takes
 * the substream (i, k) of the purpose's stream.
 */
export async function makeCandidates(order: CandidateOrder, watch: Watch): Promise<ImageSet> {
  const { train, shape, settings, withOriginals, phase } = order;
  const imageBytes = elements(shape);
  const originals = withOriginals ? 1 : 0;
  const perImage = originals + settings.copies;
  const images = sharedBytes(train.count * perImage * imageBytes);
  const labels = sharedBytes(train.count * perImage);
  const copy = elasticCopier(shape, settings);
  const stream = augmentationStream(order.seed, order.purpose);
  for (let i = 0; i < train.count; i++) {
    if (i % slice === 0) {
      watch.onProgress?.({ phase, done: i, total: train.count });
      await setImmediate();
      watch.signal?.throwIfAborted();
    }
    const source = train.images.subarray(i * imageBytes, (i + 1) * imageBytes);
    const place = (candidate: number) => {
      const at = (i * perImage + candidate) * imageBytes;
      return images.subarray(at, at + imageBytes);
    };
    if (withOriginals) place(0).set(source);
    for (let k = 0; k < settings.copies; k++) copy(source, place(originals + k), substream(stream, i, k));
    labels.fill(train.labels[i]!, i * perImage, (i + 1) * perImage);
  }
  watch.onProgress?.({ phase, done: train.count, total: train.count });
  return { images, labels, count: train.count * perImage };
}
