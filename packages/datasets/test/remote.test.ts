import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '@bitkiln/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createDatasetCatalog,
  type DataFolders,
  type DatasetCatalog,
  httpDatasetSource,
  loadDataset,
  openDataset,
} from '../src/index.ts';
import { writeBlobSet } from './blob-set.ts';

const token = 'a-token';
let root: string;
let hostFolders: DataFolders;
let workerFolders: DataFolders;
let blobs: Dataset;
let catalog: DatasetCatalog;
let server: Server;
let url: string;
let requests: string[];
/** Damages what is served. */
let corrupt: (bytes: Buffer) => Buffer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bitkiln-remote-'));
  hostFolders = { datasets: join(root, 'host-sets'), cache: join(root, 'host-cache') };
  workerFolders = { datasets: join(root, 'worker-sets'), cache: join(root, 'worker-cache') };
  await writeBlobSet(hostFolders.datasets, 60, 10);
  blobs = await loadDataset('blobs', hostFolders);
  catalog = createDatasetCatalog(hostFolders);
  requests = [];
  corrupt = (bytes) => bytes;
  server = createServer(async (request, response) => {
    requests.push(request.url!);
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    if (request.url === '/v1/datasets') return void response.end(JSON.stringify(await catalog.list()));
    const file = await catalog.packedFile(request.url!.replace('/v1/datasets/', ''));
    if (file === null) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': file.bytes });
    for await (const chunk of createReadStream(file.path, { highWaterMark: 4096 }))
      response.write(corrupt(chunk));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true });
});

const open = (name: string, options: { sha256?: string; augmentation?: string; token?: string } = {}) =>
  openDataset(name, options.augmentation ?? 'none', {
    folders: workerFolders,
    source: httpDatasetSource(url, options.token ?? token),
    sha256: options.sha256 ?? null,
  });

describe('a worker without the set', () => {
  it('fetches it once and then has it', async () => {
    expect(await open('blobs')).toEqual(blobs);
    expect(requests).toEqual(['/v1/datasets', `/v1/datasets/${blobs.sha256}`]);
    expect(await open('blobs', { sha256: blobs.sha256 })).toEqual(blobs);
    expect(requests).toHaveLength(2);
  });

  it('refuses bytes that are not those of the hash, and keeps none of them', async () => {
    corrupt = (bytes) => {
      bytes[bytes.length - 1]! ^= 1;
      return bytes;
    };
    await expect(open('blobs')).rejects.toThrow(
      new RegExp(`data set blobs as fetched: SHA-256 is "[0-9a-f]{64}"; expected ${blobs.sha256}`),
    );
    expect(await readdir(join(workerFolders.cache, 'sets'))).toEqual([]);
    corrupt = (bytes) => bytes;
    expect((await open('blobs')).sha256).toBe(blobs.sha256);
  });

  it('refuses a transfer that breaks off', async () => {
    corrupt = () => {
      server.closeAllConnections();
      return Buffer.alloc(0);
    };
    await expect(open('blobs')).rejects.toThrow();
    expect(await readdir(join(workerFolders.cache, 'sets'))).toEqual([]);
  });

  it('fetches an augmented set that an experiment began with', async () => {
    const made = await openDataset('blobs', 'elastic', { folders: hostFolders });
    expect(await open('blobs', { augmentation: 'elastic', sha256: made.sha256 })).toEqual(made);
    expect(await readdir(join(workerFolders.cache, 'sets'))).toContain(`${made.sha256}.bin`);
  });

  it('makes an augmented set that nobody has', async () => {
    const made = await open('blobs', { augmentation: 'elastic' });
    expect(made.train.count).toBe(200);
    expect((await openDataset('blobs', 'elastic', { folders: hostFolders })).sha256).toBe(made.sha256);
  });

  it('says which sets there are where the API does not have it either', async () => {
    await expect(open('nothing')).rejects.toThrow(
      'name is "nothing"; expected one of mnist, or one of the API',
    );
    await expect(open('blobs', { token: 'wrong' })).rejects.toThrow(
      '/v1/datasets: status is 401; expected 200 or 404',
    );
  });
});

describe('a worker with another set of the same name', () => {
  it('takes the one of the API', async () => {
    await writeBlobSet(workerFolders.datasets, 61, 10);
    expect((await loadDataset('blobs', workerFolders)).sha256).not.toBe(blobs.sha256);
    expect((await open('blobs')).sha256).toBe(blobs.sha256);
  });

  it('does not ask for MNIST', async () => {
    expect((await open('mnist')).train.count).toBe(50_000);
    expect(requests).toEqual([]);
  });
});
