import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  classOf,
  compileIntegerNetwork,
  createIntegerEngine,
  elements,
  type ImageSet,
  readModelJson,
} from '@bitkiln/core';
import type { TestRun } from '../../../schemas/test-run.ts';

/** Other requests wait no longer than this many images take. */
const imagesAtATime = 8;
const mostMistakes = 500;

/** Runs a model's integers over the test images, letting other requests in between. */
export async function runOnTestImages(
  modelJson: string,
  images: ImageSet,
): Promise<Omit<TestRun, 'experimentId'>> {
  const model = readModelJson(modelJson);
  const { input: shape, output } = model.program;
  const classes = output.channels;
  const engine = createIntegerEngine(compileIntegerNetwork(model));
  const pixels = elements(shape);
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const mistakes: TestRun['mistakes'] = [];
  for (let index = 0; index < images.count; index++) {
    if (index % imagesAtATime === 0) await nextTurn();
    const image = images.images.subarray(index * pixels, (index + 1) * pixels);
    const label = images.labels[index]!;
    const logits = engine.logits(image);
    const told = classOf(logits);
    confusion[label]![told]! += 1;
    if (told === label) continue;
    const margin = (logits[told]! - logits[label]!) * engine.logitUnit;
    mistakes.push({ index, label, told, margin, pixels: Buffer.from(image).toString('base64') });
  }
  return {
    shape,
    classes,
    total: images.count,
    correct: images.count - mistakes.length,
    confusion,
    mistakes: mistakes.toSorted((a, b) => b.margin - a.margin).slice(0, mostMistakes),
  };
}
