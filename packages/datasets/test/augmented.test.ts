import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  augmentationStream,
  type Dataset,
  drawIndices,
  elasticCopier,
  elements,
  majorElastic,
  minorElastic,
  substream,
} from '@bitkiln/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataFolders, type DataProgress, loadDataset, openDataset, readReport } from '../src/index.ts';
import { writeBlobSet } from './blob-set.ts';

let root: string;
let folders: DataFolders;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bitkiln-augmented-'));
  folders = { datasets: join(root, 'sets'), cache: join(root, 'cache') };
});
afterEach(() => rm(root, { recursive: true }));

const phases = () => {
  const seen: DataProgress['phase'][] = [];
  const onProgress = ({ phase }: DataProgress) => {
    if (seen.at(-1) !== phase) seen.push(phase);
  };
  return { seen, onProgress };
};
const madePhases = ['small deformations', 'large deformations', 'drawing', 'storing'];
const storedSets = () => readdir(join(folders.cache, 'sets'));

describe('the elastic set', () => {
  it('is drawn from each training image, three small deformations and a large one', async () => {
    await writeBlobSet(folders.datasets, 60, 10);
    const base = await loadDataset('blobs', folders);
    const set = await openDataset('blobs', 'elastic', { folders });
    expectSame(set.train, byDefinition(base));
    expect(set.train.count).toBe(200);
    expectSame(set.validation, base.validation);
    expectSame(set.test, base.test);
    expect(set.train.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(set.sha256).not.toBe(base.sha256);
  });

  it('is made once, then read from the cache', async () => {
    await writeBlobSet(folders.datasets, 60, 10);
    const [first, second] = [phases(), phases()];
    const made = await openDataset('blobs', 'elastic', { folders, ...first });
    const read = await openDataset('blobs', 'elastic', { folders, ...second });
    expect(first.seen).toEqual(madePhases);
    expect(second.seen).toEqual([]);
    expect(read).toEqual(made);
    expect(read.train.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(await storedSets()).toEqual([`${made.sha256}.bin`]);
    const report = await readReport(await loadDataset('blobs', folders), 'elastic', folders);
    expect(report).toMatchObject({ sha256: made.sha256, report: { filter: null } });
    expect(report!.report.drawn.minor + report!.report.drawn.major).toBe(200);
  });

  it('is made again where its file is damaged, with the same bytes', async () => {
    await writeBlobSet(folders.datasets, 60, 10);
    const made = await openDataset('blobs', 'elastic', { folders });
    const path = join(folders.cache, 'sets', `${made.sha256}.bin`);
    const bytes = await readFile(path);
    bytes[5000]! ^= 1;
    await writeFile(path, bytes);
    const { seen, onProgress } = phases();
    expect(await openDataset('blobs', 'elastic', { folders, onProgress })).toEqual(made);
    expect(seen).toEqual(['discarding a damaged file', ...madePhases]);
    bytes[5000]! ^= 1;
    expect(await readFile(path)).toEqual(bytes);
  });

  it('is another for other images', async () => {
    await writeBlobSet(folders.datasets, 60, 10);
    const made = await openDataset('blobs', 'elastic', { folders });
    await writeBlobSet(folders.datasets, 61, 10);
    const { seen, onProgress } = phases();
    expect((await openDataset('blobs', 'elastic', { folders, onProgress })).sha256).not.toBe(made.sha256);
    expect(seen).toEqual(madePhases);
  });

  it('stops being made when it is told to, and leaves nothing behind', async () => {
    await writeBlobSet(folders.datasets, 3000, 10);
    const stop = new AbortController();
    const onProgress = ({ phase, done }: DataProgress) => {
      if (phase === 'small deformations' && done > 500) stop.abort(new Error('enough'));
    };
    const opening = openDataset('blobs', 'elastic', { folders, onProgress, signal: stop.signal });
    await expect(opening).rejects.toThrow('enough');
    await expect(storedSets()).rejects.toThrow('ENOENT');
    expect(await readdir(join(folders.cache, 'recipes'))).toEqual([]);
  });
});

describe('an experiment that began with other images', () => {
  it('is refused', async () => {
    await writeBlobSet(folders.datasets, 60, 10);
    const base = await loadDataset('blobs', folders);
    const sha256 = 'ab'.repeat(32);
    await expect(openDataset('blobs', 'none', { folders, sha256 })).rejects.toThrow(
      `data set blobs: SHA-256 is "${base.sha256}"; expected "${sha256}"`.replaceAll(
        /expected "(\w+)"/g,
        'expected $1',
      ),
    );
    await expect(openDataset('blobs', 'elastic', { folders, sha256 })).rejects.toThrow(
      'data set blobs: SHA-256 with augmentation elastic is',
    );
    expect(await openDataset('blobs', 'none', { folders, sha256: base.sha256 })).toEqual(base);
  });

  it('names an augmentation that there is', async () => {
    await expect(openDataset('mnist', 'plastic', { folders })).rejects.toThrow(
      'mnist: augmentation is "plastic"; expected one of none, elastic, published',
    );
  });
});

describe('workers of one host', () => {
  const script = fileURLToPath(new URL('./open-in-process.ts', import.meta.url));
  const opener = () => {
    const env = { ...process.env, BITKILN_DATASETS: folders.datasets, BITKILN_DATA: folders.cache };
    return spawn(process.execPath, ['--import', 'tsx', script], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  };
  const linesOf = async (child: ChildProcess) => {
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) lines.push(line);
    return lines;
  };

  it('make a set once between them', async () => {
    await writeBlobSet(folders.datasets, 4000, 10);
    const outputs = await Promise.all([opener(), opener(), opener()].map(linesOf));
    const makers = outputs.filter((lines) => lines.includes('small deformations'));
    expect(makers).toHaveLength(1);
    const hashes = new Set(outputs.map((lines) => lines.at(-1)));
    expect([...hashes]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(await storedSets()).toHaveLength(1);
    expect(await readdir(join(folders.cache, 'recipes'))).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}\.json$/),
    ]);
  });

  it.each(['small deformations', 'storing'])('succeed one that is killed while %s', async (phase) => {
    await writeBlobSet(folders.datasets, 4000, 10);
    const killed = opener();
    for await (const line of createInterface({ input: killed.stdout! })) {
      if (line === phase) killed.kill('SIGKILL');
    }
    if (killed.exitCode === null && killed.signalCode === null) await once(killed, 'exit');
    expect(killed.signalCode).toBe('SIGKILL');
    const { seen, onProgress } = phases();
    const set = await openDataset('blobs', 'elastic', { folders, onProgress });
    expect(seen).toEqual(['waiting for another builder', ...madePhases]);
    expectSame(set.train, byDefinition(await loadDataset('blobs', folders)));
  });
});

/** Compares bytes without walking them one by one. */
function expectSame(actual: Dataset['train'], expected: Dataset['train']): void {
  expect(actual.count).toBe(expected.count);
  expect(Buffer.compare(actual.labels, expected.labels)).toBe(0);
  expect(Buffer.compare(actual.images, expected.images)).toBe(0);
}

/** The set written out from its definition. */
function byDefinition({ train, shape }: Dataset): Dataset['train'] {
  const size = elements(shape);
  const minor = elasticCopier(shape, minorElastic);
  const major = elasticCopier(shape, majorElastic);
  const source = (i: number) => train.images.subarray(i * size, (i + 1) * size);
  const image = (candidate: number) => {
    const target = new Uint8Array(size);
    if (candidate >= 4 * train.count) {
      const i = candidate - 4 * train.count;
      major(source(i), target, substream(augmentationStream(0, 'major'), i, 0));
      return { label: train.labels[i]!, target };
    }
    const [i, k] = [Math.floor(candidate / 4), (candidate % 4) - 1];
    if (k === -1) target.set(source(i));
    else minor(source(i), target, substream(augmentationStream(0, 'minor'), i, k));
    return { label: train.labels[i]!, target };
  };
  const count = 4 * train.count;
  const drawn = [...drawIndices(count, 5 * train.count, augmentationStream(0, 'selection'))].map(image);
  const images = new Uint8Array(count * size);
  for (const [place, { target }] of drawn.entries()) images.set(target, place * size);
  return { images, labels: Uint8Array.from(drawn, ({ label }) => label), count };
}
