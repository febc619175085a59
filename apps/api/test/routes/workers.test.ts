import { heartbeatWorker, retireWorker } from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { startWorker } from '../helpers/synthetic-run.ts';
import { buildTestApp, get } from '../helpers/test-app.ts';

const { app, database } = await buildTestApp();

test('workers are listed newest first, by state and by pages', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await startWorker(database, `cpu:${i}`)).workerId);
  await heartbeatWorker(database, ids[1]!, { draining: true });
  await retireWorker(database, ids[2]!);
  const page = (await get(app, '/workers?limit=2')).body;
  expect(page.items).toMatchObject([
    { id: ids[2], state: 'retired', device: 'cpu:2' },
    { id: ids[1], state: 'draining', retiredAt: null },
  ]);
  const rest = (await get(app, `/workers?limit=2&cursor=${page.nextCursor}`)).body;
  expect(rest.nextCursor).toBeNull();
  expect(rest.items).toMatchObject([
    {
      id: ids[0],
      host: 'test-host',
      pid: process.pid,
      device: 'cpu:0',
      state: 'online',
      numericsId: 'tensor/1/backend=cpu',
      trainer: 'tensor',
      version: '0.0.0-test',
      samplesPerSecond: 12_345,
      currentTrialId: null,
      startedAt: expect.stringMatching(/Z$/),
      heartbeatAt: expect.stringMatching(/Z$/),
    },
  ]);
  const online = (await get(app, '/workers?state=online')).body.items;
  expect(online.map(({ id }: { id: string }) => id)).toEqual([ids[0]]);
});
