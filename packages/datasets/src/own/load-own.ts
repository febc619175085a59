import { type Dataset, type Shape, validationSplit } from '@bitkiln/core';
import { DatasetError } from '../dataset-error.ts';
import type { ByteArray } from '../formats/byte-array.ts';
import { datasetSha256, shareImages } from '../image-set.ts';
import { readArray } from './array-file.ts';
import type { ArrayFiles, OwnSet } from './registry-file.ts';

/** Keras' names in an npz file that holds a whole data set. */
const kerasNames = {
  train: { images: 'x_train', labels: 'y_train' },
  test: { images: 'x_test', labels: 'y_test' },
} as const;

/** Without another word, one training image in six validates, as 10,000 of MNIST's 60,000 do. */
const validationShare = 1 / 6;

/** Images and labels of equal length, read from files. */
interface LabelledArrays {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly count: number;
  readonly shape: Shape;
  readonly source: string;
}

/**
 * Reads one of the user's sets from the data sets folder: rows, columns and channels from the image arrays, the
 * classes from the labels (the highest plus one).
 * @throws DatasetError naming the file, what is wrong in it, and what was expected
 */
export async function loadOwnSet(root: string, name: string, set: OwnSet): Promise<Dataset> {
  const files =
    typeof set === 'string'
      ? { train: inNpz(set, kerasNames.train), test: inNpz(set, kerasNames.test), validation: undefined }
      : set;
  const train = await readLabelled(root, files.train);
  const test = await readLabelled(root, files.test);
  const { validation } = files;
  const given =
    validation !== undefined && 'images' in validation ? await readLabelled(root, validation) : null;
  const { shape } = train;
  for (const other of [test, ...(given === null ? [] : [given])]) checkShape(other, shape, train.source);
  const classes = countClasses(train.labels, train.source);
  for (const other of [test, ...(given === null ? [] : [given])]) checkLabels(other, classes, train.source);
  const drawn = validation === undefined || 'images' in validation ? { seed: 0 } : validation;
  const split =
    given === null
      ? drawValidation(name, train, drawn)
      : { training: everyIndex(train), validation: everyIndex(given) };
  const imageBytes = shape.rows * shape.cols * shape.channels;
  const share = ({ images, labels }: LabelledArrays, indices: Uint32Array) =>
    shareImages(images, labels, imageBytes, indices);
  const parts = {
    shape,
    classes,
    train: share(train, split.training),
    validation: share(given ?? train, split.validation),
    test: share(test, everyIndex(test)),
  };
  return { name, ...parts, sha256: datasetSha256(parts) };
}

function inNpz(path: string, names: ArrayFiles): ArrayFiles {
  return { images: `${path}#${names.images}`, labels: `${path}#${names.labels}` };
}

function everyIndex({ count }: LabelledArrays): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}

async function readLabelled(root: string, files: ArrayFiles): Promise<LabelledArrays> {
  const images = await readArray(root, files.images);
  const labels = await readArray(root, files.labels);
  const shape = imageShape(images, files.images);
  const count = images.shape[0]!;
  const perImage = labels.shape.length === 1 || (labels.shape.length === 2 && labels.shape[1] === 1);
  if (!perImage || labels.shape[0] !== count) {
    const expected = `(${count}), a label for each image of ${files.images}`;
    throw new DatasetError({ source: files.labels, field: 'shape', value: labels.shape, expected });
  }
  return { images: images.data, labels: labels.data, count, shape, source: files.images };
}

function imageShape({ shape }: ByteArray, source: string): Shape {
  const [count, rows, cols, channels = 1] = shape;
  const fits = (shape.length === 3 || shape.length === 4) && shape.every((axis) => axis >= 1);
  if (!fits || count === undefined || rows === undefined || cols === undefined) {
    const expected = '(images, rows, columns) or (images, rows, columns, channels)';
    throw new DatasetError({ source, field: 'shape', value: shape, expected });
  }
  return { rows, cols, channels };
}

function checkShape({ shape, source }: LabelledArrays, expected: Shape, trainSource: string): void {
  const text = ({ rows, cols, channels }: Shape) => `${rows}x${cols}x${channels}`;
  if (text(shape) === text(expected)) return;
  throw new DatasetError({
    source,
    field: 'image size',
    value: text(shape),
    expected: `${text(expected)} as in ${trainSource}`,
  });
}

function countClasses(labels: Uint8Array, source: string): number {
  const seen = new Uint8Array(256);
  let classes = 0;
  for (const label of labels) {
    seen[label] = 1;
    if (label >= classes) classes = label + 1;
  }
  if (classes < 2) {
    throw new DatasetError({
      source,
      field: 'classes',
      value: classes,
      expected: '2 to 256 different labels',
    });
  }
  const missing = seen.indexOf(0);
  if (missing < classes && missing !== -1) {
    const expected = `at least 1, since labels run from 0 to ${classes - 1}`;
    throw new DatasetError({ source, field: `images of class ${missing}`, value: 0, expected });
  }
  return classes;
}

function checkLabels({ labels, source }: LabelledArrays, classes: number, trainSource: string): void {
  const at = labels.findIndex((label) => label >= classes);
  if (at === -1) return;
  const expected = `0 to ${classes - 1}, the labels of ${trainSource}`;
  throw new DatasetError({ source, field: `label ${at}`, value: labels[at], expected });
}

function drawValidation(
  name: string,
  train: LabelledArrays,
  {
    count = Math.floor(train.count * validationShare),
    seed,
  }: { readonly count?: number; readonly seed: number },
) {
  if (count < 1 || count >= train.count) {
    const expected = `1 to ${train.count - 1}, fewer than the images of ${train.source}`;
    throw new DatasetError({ source: name, field: 'validation count', value: count, expected });
  }
  return validationSplit(train.count, count, seed);
}
