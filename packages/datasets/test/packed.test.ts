import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset, ImageSet } from '@bitkiln/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createDatasetCatalog,
  type DataFolders,
  type DatasetCatalog,
  DatasetError,
  datasetSha256,
  loadDataset,
  packDataset,
  unpackDataset,
} from '../src/index.ts';
import { writeBlobSet } from './blob-set.ts';

const dimension = fc.integer({ min: 1, max: 5 });
const sets = fc
  .record({
    rows: dimension,
    cols: dimension,
    channels: dimension,
    classes: fc.integer({ min: 2, max: 256 }),
    counts: fc.tuple(dimension, dimension, dimension),
    byte: fc.nat({ max: 255 }),
  })
  .map(({ rows, cols, channels, classes, counts, byte }) => {
    const part = (count: number, salt: number): ImageSet => ({
      images: Uint8Array.from(
        { length: count * rows * cols * channels },
        (_, i) => (i * 31 + byte + salt) % 256,
      ),
      labels: Uint8Array.from({ length: count }, (_, i) => (i * 7 + byte + salt) % classes),
      count,
    });
    const [train, validation, test] = [part(counts[0], 1), part(counts[1], 2), part(counts[2], 3)];
    return { shape: { rows, cols, channels }, classes, train, validation, test };
  });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a packed data set', () => {
  it('unpacks to what was packed, and its hash is the set’s identity', () => {
    fc.assert(
      fc.property(sets, (parts) => {
        const packed = packDataset(parts);
        expect(sha256(packed)).toBe(datasetSha256(parts));
        expect(unpackDataset(packed, 'set', sha256(packed))).toEqual({
          name: 'set',
          ...parts,
          sha256: sha256(packed),
        });
      }),
    );
  });

  it('is refused where one byte differs from what its hash promises', () => {
    fc.assert(
      fc.property(sets, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (parts, place) => {
        const packed = packDataset(parts);
        const promised = sha256(packed);
        packed[Math.floor(place * packed.length)]! ^= 4;
        expect(() => unpackDataset(packed, 'set', promised)).toThrow(
          `data set set: SHA-256 is "${sha256(packed)}"; expected ${promised}`,
        );
      }),
    );
  });

  it.each<[string, (packed: Uint8Array) => Uint8Array, RegExp]>([
    ['first bytes', (packed) => packed.fill(65, 0, 1), /first bytes is "Aitkiln1"; expected "bitkiln1"/],
    ['a cut prefix', (packed) => packed.subarray(0, 9), /header length is 0; expected 1 to 4096/],
    ['a long header', (packed) => packed.fill(255, 8, 12), /header length is 4294967295; expected 1 to 4096/],
    ['a broken header', (packed) => packed.fill(32, 20, 21), /header is "[^;]*; expected JSON with shape/],
    [
      'a cut body',
      (packed) => packed.subarray(0, packed.length - 1),
      /bytes is 1?\d{2}; expected 1?\d{2} by its header/,
    ],
    [
      'a label too high',
      (packed) => packed.fill(9, packed.length - 1),
      /test: label 1 is 9; expected 0 to 2/,
    ],
  ])('names %s', (_, damage, message) => {
    const part = { images: Uint8Array.of(1, 2, 3, 4), labels: Uint8Array.of(0, 2), count: 2 };
    const shape = { rows: 1, cols: 2, channels: 1 };
    const damaged = damage(packDataset({ shape, classes: 3, train: part, validation: part, test: part }));
    expect(() => unpackDataset(damaged, 'set', sha256(damaged))).toThrow(message);
    expect(() => unpackDataset(damaged, 'set', sha256(damaged))).toThrow(DatasetError);
  });
});

describe('a host that serves its sets', () => {
  let root: string;
  let folders: DataFolders;
  let catalog: DatasetCatalog;
  let blobs: Dataset;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bitkiln-packed-'));
    folders = { datasets: join(root, 'sets'), cache: join(root, 'cache') };
    catalog = createDatasetCatalog(folders);
    await writeBlobSet(folders.datasets, 60, 10);
    blobs = await loadDataset('blobs', folders);
  });
  afterEach(() => rm(root, { recursive: true }));

  it('lists them', async () => {
    const { items, faulty } = await catalog.list();
    expect(faulty).toEqual([]);
    expect(items.map(({ name }) => name)).toEqual(['mnist', 'blobs']);
    expect(items[1]).toEqual({
      name: 'blobs',
      sha256: blobs.sha256,
      shape: { rows: 16, cols: 16, channels: 1 },
      classes: 2,
      counts: { train: 50, validation: 10, test: 10 },
      bytes: packDataset(blobs).length,
    });
  });

  it('tells a set that it can’t read apart from the others, until it can', async () => {
    const labels = join(folders.datasets, 'test-labels');
    const bytes = await readFile(labels);
    await writeFile(labels, bytes.subarray(0, 12));
    const fault = 'test-labels: elements is 4; expected 10 elements for its 10 array';
    const { items, faulty } = await catalog.list();
    expect(items.map(({ name }) => name)).toEqual(['mnist']);
    expect(faulty).toEqual([{ name: 'blobs', fault: expect.stringContaining(fault) }]);
    await writeFile(labels, bytes);
    expect((await catalog.describe('blobs')).sha256).toBe(blobs.sha256);
    await expect(catalog.describe('nothing')).rejects.toThrow(
      'name is "nothing"; expected one of mnist, blobs',
    );
  });

  it('sees that a file has changed', async () => {
    expect((await catalog.describe('blobs')).counts.train).toBe(50);
    await writeBlobSet(folders.datasets, 72, 10);
    expect((await catalog.describe('blobs')).counts.train).toBe(60);
  });

  it('packs one when it is asked for, and knows no other hash', async () => {
    const file = await catalog.packedFile(blobs.sha256);
    expect(sha256(await readFile(file!.path))).toBe(blobs.sha256);
    expect(file!.bytes).toBe((await stat(file!.path)).size);
    for (const other of ['ab'.repeat(32), '../../etc/passwd', '', blobs.sha256.toUpperCase()]) {
      expect(await catalog.packedFile(other)).toBeNull();
    }
  });
});
