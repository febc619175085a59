import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { evaluateModel, readModelJson } from '@bitkiln/core';
import { loadDataset } from '@bitkiln/datasets';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type SpawnedWorker, spawnWorker } from '../../apps/worker/test/support/spawn-worker.ts';
import { createClient } from './support/client.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

vi.setConfig({ testTimeout: 240_000 });

const example = fileURLToPath(new URL('../../examples/coloured-shapes/', import.meta.url));

let root: string;
let api: RunningApi;
let worker: SpawnedWorker;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bitkiln-test-own-'));
  const make = [import.meta.resolve('tsx'), join(example, 'make.ts'), join(root, 'sets')] as const;
  await promisify(execFile)(process.execPath, ['--import', ...make]);
  const databaseUrl = await createTestDatabase();
  const folders = (host: string) => ({
    DATABASE_URL: databaseUrl,
    BITKILN_DATASETS: join(root, host === 'api' ? 'sets' : 'no-sets'),
    BITKILN_DATA: join(root, `${host}-cache`),
  });
  api = await startApi(folders('api'));
  worker = spawnWorker({ ...folders('worker'), BITKILN_API_URL: api.url });
});
afterAll(async () => {
  await worker?.end('SIGKILL');
  await api?.stop();
  await rm(root, { recursive: true, force: true });
});

test('a set of one’s own, with three channels and five classes, goes through the whole job on a host that lacks it', async () => {
  const request = JSON.parse(await readFile(join(example, 'experiment.json'), 'utf8'));
  const client = createClient(api.url);
  const { id } = await client.submit({
    ...request,
    augmentation: 'elastic',
    protocol: {
      preset: 'quick',
      float: { trials: 2, epochs: 6, batchSize: 256 },
      movingScales: { trials: 1, epochs: 2, batchSize: 256 },
      frozenScales: { trials: 2, epochs: 2, batchSize: 256 },
    },
  });
  expect(await client.finished(id)).toMatchObject({ state: 'succeeded' });
  const { models, testCorrect, testTotal, totalBytes } = await client.winner(id);
  expect(totalBytes).toBeLessThanOrEqual(2048);
  expect(testTotal).toBe(2000);
  expect(testCorrect).toBeGreaterThan(1500);

  const phases = worker.lines.filter(({ msg }) => msg === 'preparing images').map(({ phase }) => phase);
  // A phase that takes long is told of again.
  const each = phases.filter((phase, i) => phase !== phases[i - 1]);
  expect(each).toEqual(['fetching', 'small deformations', 'large deformations', 'drawing', 'storing']);
  const stream = await (await fetch(`${api.url}/experiments/${id}/events`)).text();
  const told = [...stream.matchAll(/^event: ?images\.preparing\n.*"phase":"([^"]+)"/gm)].map(
    ([, phase]) => phase,
  );
  expect(told).toEqual(phases);

  const model = readModelJson(new TextDecoder().decode(await client.download(models.json.href)));
  const shapes = await loadDataset('coloured-shapes', {
    datasets: join(root, 'sets'),
    cache: join(root, 'none'),
  });
  expect(evaluateModel(model, shapes.test, { engine: 'integer', logitBits: 16 }).correct).toBe(testCorrect);
});
