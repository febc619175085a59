import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, openQueue } from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { tiny } from '../helpers/bodies.ts';
import { startWorker, trainEpochs } from '../helpers/synthetic-run.ts';
import { buildTestApp, get, post } from '../helpers/test-app.ts';

const { app, database } = await buildTestApp();

test('alive and ready', async () => {
  expect(await get(app, '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await get(app, '/readyz')).toMatchObject({ status: 200, body: { postgres: 'ok', queue: 'ok' } });
});

test('not ready where Postgres or the queue is gone, and still alive', async () => {
  const databaseUrl = await createTestDatabase();
  const gone = await connectDatabase(databaseUrl);
  const queue = await openQueue({ databaseUrl });
  const broken = await buildApp({ database: gone, queue });
  await broken.ready();
  await queue.close();
  const unqueued = await broken.inject('/readyz');
  expect([unqueued.statusCode, unqueued.json()]).toEqual([503, { postgres: 'ok', queue: 'failed' }]);
  await gone.close();
  const response = await broken.inject('/readyz');
  expect([response.statusCode, response.json()]).toEqual([503, { postgres: 'failed', queue: 'failed' }]);
  expect((await broken.inject('/healthz')).statusCode).toBe(200);
  await broken.close();
});

test('metrics count experiments, trials, epochs, jobs and requests', async () => {
  const { body } = await post(app, '/experiments', tiny);
  const { workerId } = await startWorker(database);
  const [trial] = (await get(app, `/experiments/${body.id}/trials`)).body.items;
  await trainEpochs(database, workerId, trial.id, 2);
  await get(app, '/experiments/none');
  await expect.poll(async () => (await get(app, '/metrics')).text).toContain('bitkiln_outbox_entries 0');
  const { status, text, headers } = await get(app, '/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toContain('text/plain; version=0.0.4');
  for (const line of [
    'bitkiln_experiments{state="running"} 1',
    'bitkiln_experiments{state="failed"} 0',
    'bitkiln_trials{state="queued"} 2',
    'bitkiln_trials{state="running"} 1',
    'bitkiln_workers{state="online"} 1',
    'bitkiln_epochs_recorded 2',
    'bitkiln_http_request_duration_seconds_count{method="POST",route="/experiments",status="201"} 1',
    'bitkiln_http_request_duration_seconds_count{method="GET",route="/experiments/:id",status="400"} 1',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/bitkiln_queue_jobs\{queue="[\w-]+",state="waiting"\} [1-9]/);
  expect(text).toMatch(/process_resident_memory_bytes \d+/);
});

test('the OpenAPI document has every route, with its errors, and the page shows it', async () => {
  const { body } = await get(app, '/docs/json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths).toSorted()).toEqual([
    '/audit',
    '/datasets',
    '/datasets/{sha256}',
    '/experiments',
    '/experiments/check',
    '/experiments/{id}',
    '/experiments/{id}/best',
    '/experiments/{id}/best/export',
    '/experiments/{id}/best/model.h5',
    '/experiments/{id}/best/model.json',
    '/experiments/{id}/best/test',
    '/experiments/{id}/cancel',
    '/experiments/{id}/curves',
    '/experiments/{id}/disk-usage',
    '/experiments/{id}/events',
    '/experiments/{id}/pause',
    '/experiments/{id}/resume',
    '/experiments/{id}/retry',
    '/experiments/{id}/selections',
    '/experiments/{id}/summary',
    '/experiments/{id}/trials',
    '/healthz',
    '/live',
    '/metrics',
    '/prune',
    '/readyz',
    '/session',
    '/trials',
    '/trials/{id}',
    '/trials/{id}/epochs',
    '/trials/{id}/invalidate',
    '/trials/{id}/repeat',
    '/trials/{id}/restart',
    '/trials/{id}/retry',
    '/trials/{id}/weights',
    '/workers',
  ]);
  const { requestBody, responses } = body.paths['/experiments'].post;
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['201', '400', '413', '415', '422']));
  expect(responses['422'].content).toHaveProperty('application/problem+json');
  expect(requestBody.content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/ExperimentRequestInput',
  });
  const schema = body.components.schemas.ExperimentRequestInput;
  expect(schema.required).toEqual(['network']);
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.seed).toMatchObject({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 1 });
  const references = JSON.stringify(body).match(/#\/components\/schemas\/\w+/g) ?? [];
  for (const reference of references) {
    expect(body.components.schemas).toHaveProperty(reference.split('/').at(-1)!);
  }
  const page = await app.inject('/docs');
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  expect(page.headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
  const assets = [...page.payload.matchAll(/(?:src|href)="\.?([^"]+\.(?:js|css))"/g)].map(
    ([, path]) => path!,
  );
  expect(assets.length).toBeGreaterThanOrEqual(3);
  for (const path of assets) {
    const asset = await app.inject(path.startsWith('/docs') ? path : `/docs${path.replace(/^\/?docs/, '')}`);
    expect([path, asset.statusCode]).toEqual([path, 200]);
  }
});

test('every reply has security headers and the id of its request', async () => {
  const { headers } = await get(app, '/healthz', { 'x-request-id': 'from-the-caller' });
  expect(headers).toMatchObject({
    'x-request-id': 'from-the-caller',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringContaining("default-src 'self'"),
  });
  expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
  expect(headers).not.toHaveProperty('strict-transport-security');
  const forged = await get(app, '/healthz', { 'x-request-id': 'a"\\u001b[31m' });
  expect(forged.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});
