import { elements, formatShape, type Program, type StageName } from '@bitkiln/core';
import { trialDrawStream } from './randomness/layer-draws.ts';
import type { LabelledImages } from './trainer.ts';

export interface ClassifyOptions {
  readonly signal?: AbortSignal;
  /** Called with the images done, every so many images. */
  readonly onProgress?: (done: number) => void;
}

const slice = 4096;

/**
 * The class that a network gives each image as it stands in a stage, the first of its largest logits; dropout and
 * noise are off. Runs on the plain kiln kernels whatever trained the parameters, so the classes are the same on
 * every host.
 * @param parameters the flat parameter vector
 * @throws RangeError where there are no whole images; an AbortError once the signal is aborted
 */
export async function classifyImages(
  program: Program,
  stage: StageName,
  parameters: Float32Array,
  images: Omit<LabelledImages, 'labels'>,
  { signal, onProgress }: ClassifyOptions = {},
): Promise<Uint8Array> {
  const imageBytes = elements(program.input);
  if (images.images.length < images.count * imageBytes) {
    throw new RangeError(
      `images has ${images.images.length} bytes; expected ${images.count} images of ${formatShape(program.input)}`,
    );
  }
  const [{ createSession }, { createBreather }] = await Promise.all([
    import('./kiln/training/session.ts'),
    import('./kiln/training/breather.ts'),
  ]);
  const session = createSession(program, stage, trialDrawStream(0, stage, 0), false);
  session.load(parameters);
  const breather = createBreather(signal);
  const predicted = new Uint8Array(images.count);
  const labels = new Uint8Array(Math.min(slice, images.count));
  for (let first = 0; first < images.count; first += slice) {
    breather.check();
    const count = Math.min(slice, images.count - first);
    const pixels = images.images.subarray(first * imageBytes, (first + count) * imageBytes);
    await session.evaluate(
      { images: pixels, labels, count },
      breather,
      predicted.subarray(first, first + count),
    );
    onProgress?.(first + count);
  }
  return predicted;
}
