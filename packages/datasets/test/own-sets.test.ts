import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validationSplit } from '@bitkiln/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataFolders, DatasetError, datasetInfo, listDatasets, loadDataset } from '../src/index.ts';
import { idx, npy } from './array-files.ts';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));

let outside: string;
let folders: DataFolders;
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'bitkiln-own-'));
  folders = { datasets: join(outside, 'sets'), cache: join(outside, 'cache') };
  await cp(fixtures, folders.datasets, { recursive: true });
});
afterEach(() => rm(outside, { recursive: true }));

const pixels = (count: number, size: number) =>
  Uint8Array.from({ length: count * size }, (_, i) => (i * 37) % 256);
const put = (path: string, bytes: Uint8Array | string) => writeFile(join(folders.datasets, path), bytes);
const register = (sets: unknown) => put('datasets.json', JSON.stringify(sets));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Two classes, 12 train and 4 test images of 3x2. */
const plainSet = {
  train: { images: 'train.idx', labels: 'train-labels.npy' },
  test: { images: 'test.npy', labels: 'test-labels.idx' },
};
async function putPlainSet(): Promise<void> {
  await put('train.idx', idx([12, 3, 2], pixels(12, 6)));
  await put('train-labels.npy', npy('<i8', [12], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]));
  await put('test.npy', npy('|u1', [4, 3, 2], pixels(4, 6)));
  await put('test-labels.idx', idx([4], Uint8Array.of(1, 0, 1, 0)));
}

/** The message of the error that loading `sets.own` ends with. */
async function faultOf(own: unknown): Promise<string> {
  await register({ own });
  const error = await loadDataset('own', folders).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DatasetError);
  return (error as DatasetError).message;
}

describe('an own data set', () => {
  it('comes from an npz file as NumPy writes it, stored or deflated', async () => {
    await register({ deflated: 'deflated.npz', stored: 'stored.npz' });
    const deflated = await loadDataset('deflated', folders);
    const stored = await loadDataset('stored', folders);
    expect(deflated).toMatchObject({
      name: 'deflated',
      shape: { rows: 4, cols: 5, channels: 3 },
      classes: 3,
    });
    expect([deflated.train.count, deflated.validation.count, deflated.test.count]).toEqual([10, 2, 6]);
    expect([...deflated.test.labels]).toEqual([0, 1, 2, 0, 1, 2]);
    expect(sha256(deflated.test.images)).toBe(
      'd7648804a3b5279f14c6b6760c0d2ffdd997926b4997cb0f5cf3792da08dd1d8',
    );
    expect(deflated.test.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(stored.sha256).toBe(deflated.sha256);
    expect(await listDatasets(folders)).toEqual(['mnist', 'deflated', 'stored']);
    expect(await datasetInfo('stored', folders)).toEqual({
      name: 'stored',
      shape: { rows: 4, cols: 5, channels: 3 },
      classes: 3,
    });
  });

  it('comes from idx and npy files, and one channel may be left out', async () => {
    await putPlainSet();
    await register({ plain: plainSet });
    const plain = await loadDataset('plain', folders);
    expect(plain).toMatchObject({ shape: { rows: 3, cols: 2, channels: 1 }, classes: 2 });
    expect(plain.test.images).toEqual(pixels(4, 6));
    expect([...plain.test.labels]).toEqual([1, 0, 1, 0]);
  });

  it('draws a sixth for validation as NumPy does, or what it is told to', async () => {
    await putPlainSet();
    const check = async (validation: { count?: number; seed?: number }, count: number) => {
      await register({ own: { ...plainSet, ...(validation.count === undefined ? {} : { validation }) } });
      const own = await loadDataset('own', folders);
      const split = validationSplit(12, count, validation.seed ?? 0);
      const imagesAt = (indices: Uint32Array) =>
        [...indices].flatMap((i) => [...pixels(12, 6).subarray(i * 6, i * 6 + 6)]);
      expect([...own.validation.images]).toEqual(imagesAt(split.validation));
      expect([...own.train.images]).toEqual(imagesAt(split.training));
      expect([...own.train.labels]).toEqual([...split.training].map((i) => i % 2));
    };
    await check({}, 2);
    await check({ count: 5 }, 5);
    await check({ count: 5, seed: 3 }, 5);
  });

  it('keeps all training images where validation images are given', async () => {
    await putPlainSet();
    await register({ own: { ...plainSet, validation: plainSet.test } });
    const own = await loadDataset('own', folders);
    expect([own.train.count, own.validation.count]).toEqual([12, 4]);
    expect(own.train.images).toEqual(pixels(12, 6));
    expect(own.validation.images).toEqual(own.test.images);
  });

  it('is told apart from another by one pixel, not by its name', async () => {
    await putPlainSet();
    await register({ one: plainSet, other: plainSet });
    const [one, other] = [await loadDataset('one', folders), await loadDataset('other', folders)];
    expect(other.sha256).toBe(one.sha256);
    await put('test.npy', npy('|u1', [4, 3, 2], pixels(4, 6).fill(9, 3, 4)));
    expect((await loadDataset('one', folders)).sha256).not.toBe(one.sha256);
  });
});

describe('a fault in a file is named', () => {
  beforeEach(putPlainSet);
  const withTrain = (images: string, labels = plainSet.train.labels) => ({
    ...plainSet,
    train: { images, labels },
  });

  it.each<[string, Uint8Array, string]>([
    ['floats', npy('<f4', [12, 3, 2], pixels(12, 24)), 'bad: descr is "<f4"; expected one of |u1'],
    [
      'Fortran order',
      npy('|u1', [12, 3, 2], pixels(12, 6), true),
      'bad: fortran_order is "True"; expected False',
    ],
    [
      'too few bytes',
      npy('|u1', [12, 3, 3], pixels(12, 6)),
      'bad: data bytes is 72; expected 108 for shape (12, 3, 3)',
    ],
    ['a big value', npy('<u2', [2, 1, 1], [255, 256]), 'bad: element 1 is 256; expected 0 to 255'],
    ['a negative value', npy('<i4', [2, 1, 1], [0, -1]), 'bad: element 1 is -1; expected 0 to 255'],
    [
      'flat images',
      npy('|u1', [12, 6], pixels(12, 6)),
      'bad: shape is [12,6]; expected (images, rows, columns)',
    ],
    ['no images', npy('|u1', [0, 3, 2], []), 'bad: shape is [0,3,2]; expected (images, rows, columns)'],
    [
      'other count',
      idx([11, 3, 2], pixels(11, 6)),
      'train-labels.npy: shape is [12]; expected (11), a label for each',
    ],
    [
      'other size',
      idx([12, 2, 3], pixels(12, 6)),
      'test.npy: image size is "3x2x1"; expected 2x3x1 as in bad',
    ],
    [
      'a cut idx file',
      idx([12, 3, 2], pixels(11, 6)),
      'bad: elements is 66; expected 72 elements for its 12x3x2',
    ],
    [
      'a gzip file',
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0),
      'bad: magic is "1f8b"; expected 0000 (the file is gzip',
    ],
    ['a text', Buffer.from('hello, world'), 'bad: magic is "6865"; expected 0000'],
    [
      'a cut npy header',
      npy('|u1', [12, 3, 2], []).subarray(0, 20),
      'bad: file bytes is 20; expected a header of',
    ],
    [
      'a structured type',
      npyWithHeader("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}"),
      'bad: npy header is',
    ],
    [
      'a broken zip',
      Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0),
      'bad: reference is "bad"; expected an array name',
    ],
  ])('%s', async (_, bytes, message) => {
    await put('bad', bytes);
    expect(await faultOf(withTrain('bad'))).toContain(message);
  });

  it('arrays of an npz file', async () => {
    expect(await faultOf(withTrain('stored.npz#x'))).toContain(
      'stored.npz: array is "x"; expected one of x_train, y_train, x_test, y_test',
    );
    expect(await faultOf(withTrain('train.idx#x'))).toContain(
      'reference is "train.idx#x"; expected an npz file',
    );
    await put('broken.npz', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0));
    expect(await faultOf('broken.npz')).toContain(
      'broken.npz: zip is "invalid zip data"; expected an npz file',
    );
  });

  it('labels', async () => {
    const fault = async (labels: readonly number[]) => {
      await put('labels.npy', npy('|u1', [12], labels));
      return faultOf(withTrain('train.idx', 'labels.npy'));
    };
    expect(await fault(new Array(12).fill(0))).toContain('train.idx: classes is 1; expected 2 to 256');
    expect(await fault([0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3])).toContain(
      'images of class 2 is 0; expected at least 1',
    );
    await put('test-labels.idx', idx([4], Uint8Array.of(1, 0, 2, 0)));
    expect(await faultOf(plainSet)).toBe('test.npy: label 2 is 2; expected 0 to 1, the labels of train.idx');
    await put('test-labels.idx', idx([4, 2], pixels(4, 2)));
    expect(await faultOf(plainSet)).toContain(
      'test-labels.idx: shape is [4,2]; expected (4), a label for each image',
    );
  });

  it('validation counts', async () => {
    expect(await faultOf({ ...plainSet, validation: { count: 12 } })).toContain(
      'own: validation count is 12; expected 1 to 11, fewer than the images of train.idx',
    );
  });
});

describe('the registry file', () => {
  it.each([
    ['{"a":', 'datasets.json: text is'],
    ['[]', 'datasets.json: value is []; expected an object with a data set under each name'],
    ['{"mnist":"stored.npz"}', 'datasets.json: name is "mnist"; expected lower-case letters'],
    ['{"../up":"stored.npz"}', 'datasets.json: name is "../up"; expected lower-case letters'],
    [
      '{"a":{"train":{"images":"x"}}}',
      'datasets.json: a is {"train":{"images":"x"}}; expected the path of an npz file',
    ],
    [
      '{"a":{"train":{"images":"x","labels":"y"},"test":{"images":"x","labels":"y"},"classes":3}}',
      'datasets.json: a is',
    ],
  ])('%s', async (text, message) => {
    await put('datasets.json', text);
    await expect(loadDataset('a', folders)).rejects.toThrow(message);
  });

  it('may be missing, and other names are refused', async () => {
    expect(await listDatasets(folders)).toEqual(['mnist']);
    await register({ mine: 'stored.npz' });
    await expect(loadDataset('yours', folders)).rejects.toThrow(
      'name is "yours"; expected one of mnist, mine',
    );
  });
});

describe('paths stay in the data sets folder', () => {
  it.each([
    ['..'],
    ['../secret.npz'],
    ['inner/../../secret.npz'],
    ['link.npz'],
    ['linked-folder/secret.npz'],
    ['absolute'],
    ['missing.npz'],
    ['inner'],
    ['nul\0.npz'],
  ])('%s', async (path) => {
    await cp(join(fixtures, 'stored.npz'), join(outside, 'secret.npz'));
    await mkdir(join(folders.datasets, 'inner'));
    await symlink(join(outside, 'secret.npz'), join(folders.datasets, 'link.npz'));
    await symlink(outside, join(folders.datasets, 'linked-folder'));
    const reference = path === 'absolute' ? join(outside, 'secret.npz') : path;
    expect(await faultOf(reference)).toMatch(
      /#x_train: path is ".*"; expected (a path below|a file that|a plain)/,
    );
  });

  it('and a link within it may be followed', async () => {
    await symlink(join(folders.datasets, 'stored.npz'), join(folders.datasets, 'inside.npz'));
    await register({ inside: 'inside.npz' });
    expect((await loadDataset('inside', folders)).classes).toBe(3);
  });
});

function npyWithHeader(header: string): Uint8Array {
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Uint8Array.of(header.length, 0),
    Buffer.from(header),
  ]);
}
