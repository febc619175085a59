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
const mostOfAKind = 20;
const mostMistakes = 2000;

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
    mistakes: surest(mistakes),
  };
}

/** The surest mistakes first, with room for every kind of them. */
function surest(mistakes: TestRun['mistakes']): TestRun['mistakes'] {
  const kinds = new Map<string, number>();
  const kept = mistakes
    .toSorted((a, b) => b.margin - a.margin)
    .filter(({ label, told }) => {
      const kind = `${label} ${told}`;
      const before = kinds.get(kind) ?? 0;
      kinds.set(kind, before + 1);
      return before < mostOfAKind;
    });
  return kept.slice(0, mostMistakes);
}
