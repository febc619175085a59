import { freePort } from '@bitkiln/infra';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, openQueue } from '@bitkiln/lifecycle';
import { afterAll, expect, test } from 'vitest';
import { buildApp } from '../src/app.ts';
import { tiny } from './helpers/bodies.ts';
import { startCuttableProxy } from './helpers/cuttable-proxy.ts';
import { openEventStream } from './helpers/event-stream.ts';
import { get, post } from './helpers/test-app.ts';

const directUrl = await createTestDatabase();
const proxy = await startCuttableProxy(directUrl);
const database = await connectDatabase(proxy.url);
const queue = await openQueue({ databaseUrl: directUrl });
const app = await buildApp({ database, queue });
const base = await app.listen({ host: '127.0.0.1', port: await freePort() });
afterAll(async () => {
  proxy.restore();
  await app.close();
  await queue.close();
  await database.close();
  proxy.close();
});

test('while Postgres is away every request is told to come back, and event streams wait', async () => {
  const { body } = await post(app, '/experiments', tiny);
  const stream = await openEventStream(`${base}/experiments/${body.id}/events`);
  await stream.until(2);
  proxy.cut();
  for (const reply of [
    await get(app, '/experiments'),
    await get(app, `/experiments/${body.id}`),
    await get(app, `/experiments/${body.id}/summary`),
    await get(app, '/trials?sort=loss'),
    await post(app, '/experiments', tiny),
    await post(app, `/experiments/${body.id}/cancel`, {}),
  ]) {
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('2');
    expect(reply.body.type).toBe('urn:problem-type:bitkiln:unavailable');
    expect(reply.text).not.toContain(new URL(proxy.url).port);
  }
  // A refused body is refused without asking anyone.
  expect((await post(app, '/experiments', { ...tiny, seed: -1 })).status).toBe(400);
  expect((await get(app, '/healthz')).status).toBe(200);
  proxy.restore();
  await expect.poll(async () => (await get(app, '/experiments')).status).toBe(200);
  expect((await get(app, '/experiments')).body.items).toHaveLength(1);
  expect((await post(app, `/experiments/${body.id}/cancel`, {})).status).toBe(200);
  await stream.ended;
  expect(stream.messages.map(({ event }) => event)).toEqual([
    'experiment.submitted',
    'stage.started',
    'experiment.cancelled',
  ]);
});
