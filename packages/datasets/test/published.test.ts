import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  augmentationStream,
  type Dataset,
  drawIndices,
  elasticCopier,
  type ImageSet,
  lowerNetwork,
  majorElastic,
  minorElastic,
  parseNetwork,
  type StageSettings,
  substream,
} from '@bitkiln/core';
import { classifyImages, createTrainer } from '@bitkiln/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkAugmentation,
  type DataFolders,
  type DataProgress,
  loadDataset,
  openDataset,
  readReport,
  teacherNetwork,
} from '../src/index.ts';
import { writeBlobSet } from './blob-set.ts';

let root: string;
let folders: DataFolders;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bitkiln-published-'));
  folders = { datasets: join(root, 'sets'), cache: join(root, 'cache') };
  await writeBlobSet(folders.datasets, 1200, 100, { wrongLabels: 0.03 });
});
afterAll(() => rm(root, { recursive: true }));

const pixels = 256;
const imageAt = ({ images }: ImageSet, i: number) => images.subarray(i * pixels, (i + 1) * pixels);

describe('the published set', () => {
  it('is filtered by a teacher trained on the images, and by one trained on what it let pass', async () => {
    const notes: string[] = [];
    const onProgress = ({ phase, note }: DataProgress) => {
      if (note !== undefined) notes.push(`${phase}: ${note}`);
    };
    const set = await openDataset('blobs', 'published', { folders, onProgress });
    const base = await loadDataset('blobs', folders);
    const expected = await byDefinition(base);
    expect(set.train.count).toBe(4000);
    expect(Buffer.compare(set.train.labels, expected.train.labels)).toBe(0);
    expect(Buffer.compare(set.train.images, expected.train.images)).toBe(0);
    expect(Buffer.compare(set.test.images, base.test.images)).toBe(0);

    const { report, recipe } = (await readReport(base, 'published', folders))!;
    expect(recipe.teacher!.network).toContain('C(16,5x5)');
    expect(recipe.teacher!.numerics).toMatchObject({ trainer: 'kiln', options: 'simd=plain' });
    expect(report.filter!.minor).toEqual(expected.minor);
    expect(report.filter!.major).toEqual(expected.major);
    expect(report.drawn).toEqual(expected.drawn);
    expect(expected.minor.kept).toBeGreaterThan(3600);
    expect(expected.minor.kept).toBeLessThan(3990);
    expect(report.filter!.secondTeacher.trainedOn).toBe(expected.minor.kept);
    const [zeros, ones] = expected.minor.removedByClass;
    expect(notes).toContain(
      `filtering small deformations: ${zeros! + ones!} thrown out; by class: ${zeros}, ${ones}`,
    );
  });

  it('needs images that the teacher fits', () => {
    const shape = (size: number) => ({
      name: 'small',
      shape: { rows: size, cols: 30, channels: 1 },
      classes: 4,
    });
    expect(() => teacherNetwork(shape(13))).toThrow(
      'small: image size is "13x30x1"; expected at least 14x14 for the teacher',
    );
    expect(() => checkAugmentation(shape(13), 'published')).toThrow('expected at least 14x14');
    expect(() => checkAugmentation(shape(13), 'elastic')).not.toThrow();
    for (let size = 14; size < 40; size++) {
      const info = shape(size);
      const program = lowerNetwork(teacherNetwork(info), info.shape);
      expect(program.output.channels).toBe(4);
    }
  });
});

/** The set from its definition, with the trainer's own calls. */
async function byDefinition(base: Dataset) {
  const { train } = base;
  const rate = (decay: number) => ({ initial: 0.003, decay, minimum: 1e-4 });
  const first: StageSettings = { trials: 1, epochs: 12, batchSize: 256, learningRate: rate(0.8) };
  const second: StageSettings = { trials: 1, epochs: 6, batchSize: 512, learningRate: rate(0.6) };
  const minor = merge(
    Array.from({ length: train.count }, (_, i) => [
      { image: imageAt(train, i), label: train.labels[i]! },
      ...[0, 1, 2].map((k) => copyOf(train, i, k, 'minor')),
    ]).flat(),
  );
  const minorKept = await recognized(base, train, first, 0, minor);
  const major = merge(Array.from({ length: train.count }, (_, i) => copyOf(train, i, 0, 'major')));
  const majorKept = await recognized(base, minorKept.kept, second, 1, major);
  const all = merge([...listOf(minorKept.kept), ...listOf(majorKept.kept)]);
  const drawn = [...drawIndices(4 * train.count, all.count, augmentationStream(0, 'selection'))];
  const fromMinor = drawn.filter((index) => index < minorKept.kept.count).length;
  return {
    train: merge(drawn.map((i) => listOf(all)[i]!)),
    minor: minorKept.report,
    major: majorKept.report,
    drawn: { minor: fromMinor, major: drawn.length - fromMinor },
  };
}

interface Labelled {
  readonly image: Uint8Array;
  readonly label: number;
}

const copiers = {
  minor: elasticCopier({ rows: 16, cols: 16, channels: 1 }, minorElastic),
  major: elasticCopier({ rows: 16, cols: 16, channels: 1 }, majorElastic),
};

function copyOf(train: ImageSet, i: number, k: number, purpose: 'minor' | 'major'): Labelled {
  const image = new Uint8Array(pixels);
  copiers[purpose](imageAt(train, i), image, substream(augmentationStream(0, purpose), i, k));
  return { image, label: train.labels[i]! };
}

function merge(list: readonly Labelled[]): ImageSet {
  const images = new Uint8Array(list.length * pixels);
  for (const [i, { image }] of list.entries()) images.set(image, i * pixels);
  return { images, labels: Uint8Array.from(list, ({ label }) => label), count: list.length };
}

const lists = new WeakMap<ImageSet, Labelled[]>();
function listOf(set: ImageSet): Labelled[] {
  let list = lists.get(set);
  if (list === undefined) {
    list = Array.from({ length: set.count }, (_, i) => ({ image: imageAt(set, i), label: set.labels[i]! }));
    lists.set(set, list);
  }
  return list;
}

async function recognized(
  base: Dataset,
  train: ImageSet,
  settings: StageSettings,
  trialIndex: number,
  set: ImageSet,
) {
  const network = 'C(16,5x5) M(2) C(32,3x3) C(32,3x3) M(2) D(0.25) F(128) D(0.5) S(2)';
  const program = lowerNetwork(parseNetwork(network), base.shape);
  const trainer = await createTrainer({ trainer: 'kiln' });
  const { validation } = base;
  const place = { experimentSeed: 0, trialIndex, startParameters: null, stage: 'float' } as const;
  let best = { loss: Number.POSITIVE_INFINITY, parameters: new Float32Array(0) as Float32Array };
  for await (const epoch of trainer.train({ program, settings, train, validation, ...place })) {
    if (epoch.validationLoss >= best.loss) continue;
    best = { loss: epoch.validationLoss, parameters: epoch.checkpoint.parameters };
  }
  const classes = await classifyImages(program, 'float', best.parameters, set);
  const kept = listOf(set).filter(({ label }, i) => classes[i] === label);
  const removedByClass = [0, 1].map(
    (wanted) => listOf(set).filter(({ label }, i) => label === wanted && classes[i] !== label).length,
  );
  return { kept: merge(kept), report: { candidates: set.count, kept: kept.length, removedByClass } };
}
