import { createHash } from 'node:crypto';
import { createDatasetCatalog } from '@bitkiln/datasets';
import { expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { ownDataset } from '../helpers/own-dataset.ts';
import { buildTestApp, countRows, get, post } from '../helpers/test-app.ts';

const testApp = await buildTestApp({ datasets: createDatasetCatalog(await ownDataset()) });
const { app } = testApp;
const own = { ...tiny, dataset: 'dots', network: 'M(2) S(3)' };

test('data sets are listed with what is wrong with those that can not be used', async () => {
  const { status, body } = await get(app, '/datasets');
  expect(status).toBe(200);
  expect(body.items).toEqual([
    {
      name: 'mnist',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      shape: { rows: 28, cols: 28, channels: 1 },
      classes: 10,
      counts: { train: 50_000, validation: 10_000, test: 10_000 },
      bytes: expect.any(Number),
    },
    {
      name: 'dots',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      shape: { rows: 6, cols: 4, channels: 1 },
      classes: 3,
      counts: { train: 24, validation: 6, test: 9 },
      bytes: expect.any(Number),
    },
  ]);
  expect(body.faulty).toEqual([{ name: 'lost', fault: expect.stringContaining('gone-images') }]);
});

test('a packed set is handed out by its hash', async () => {
  const dots = (await get(app, '/datasets')).body.items[1];
  const response = await app.inject(`/datasets/${dots.sha256}`);
  expect(response.statusCode).toBe(200);
  expect(response.rawPayload).toHaveLength(dots.bytes);
  expect(response.headers['content-length']).toBe(String(dots.bytes));
  expect(createHash('sha256').update(response.rawPayload).digest('hex')).toBe(dots.sha256);
  expect((await get(app, `/datasets/${'0'.repeat(64)}`)).status).toBe(404);
  for (const name of ['..%2f..%2fetc%2fpasswd', 'dots', dots.sha256.toUpperCase()]) {
    const reply = await get(app, `/datasets/${name}`);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]).toMatchObject({ in: 'path', field: '/sha256' });
  }
});

test("an experiment is checked against its data set's shape and classes", async () => {
  const reply = await post(app, '/experiments', own);
  expect(reply.status).toBe(201);
  expect(reply.body).toMatchObject({ dataset: 'dots', network: 'M(2,8) S(3)@w4b8a8' });
  const rows = await countRows(testApp);
  const classes = await post(app, '/experiments', { ...own, network: 'M(2) S(10)' });
  expect(classes.status).toBe(422);
  expect(classes.body.detail).toContain('units is 10; expected 3, a unit for each class');
  const shape = await post(app, '/experiments', { ...own, network: 'A(4,4) S(3)' });
  expect(shape.body.detail).toContain('pool 4 does not divide the 6x4 input');
  const lost = await post(app, '/experiments', { ...own, dataset: 'lost' });
  expect(lost.status).toBe(422);
  expect(lost.body).toMatchObject({
    type: 'urn:problem-type:bitkiln:dataset-unusable',
    detail: expect.stringContaining('gone-images'),
  });
  const tooSmall = await post(app, '/experiments', { ...own, augmentation: 'published' });
  expect(tooSmall.status).toBe(422);
  expect(tooSmall.body.type).toBe('urn:problem-type:bitkiln:dataset-unusable');
  const unknown = await post(app, '/experiments', { ...own, dataset: 'cifar' });
  expect(unknown.body.errors).toEqual([
    { in: 'body', field: '/dataset', value: 'cifar', expected: 'one of mnist, dots, lost' },
  ]);
  expect(await countRows(testApp)).toBe(rows);
});
