import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabase, type Database, recordEpochs, submitExperiment } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { claim, epochRecord, newExperiment, submit, waitingTrials } from './support/experiment.ts';

const database = useDatabase();

/** A second pool, whose every BEGIN the server refuses. */
let refused: Database;
beforeAll(async () => {
  refused = await connectDatabase(database().url);
  refused.pool.on('acquire', (client: PoolClient) => {
    const query = client.query.bind(client) as (text: unknown, ...more: unknown[]) => Promise<unknown>;
    const refusing = (text: unknown, ...more: unknown[]) =>
      query(text === 'BEGIN' ? 'BEGIN BADLY' : text, ...more);
    Object.assign(client, { query: refusing });
  });
});
afterAll(() => refused.close());

test('a transition that begins by writing writes nothing where BEGIN is refused', async () => {
  const before = await database().prisma.experiment.count();
  await expect(submitExperiment(refused, newExperiment())).rejects.toThrow(/syntax error/);
  await sleep(300);
  expect(await database().prisma.experiment.count()).toBe(before);
  expect(await database().prisma.stage.count()).toBe(3 * before);
});

test('a transition that begins by locking writes nothing where BEGIN is refused', async () => {
  const [id] = await waitingTrials(database(), await submit(database()));
  const { fence } = await claim(database(), id!);
  await expect(recordEpochs(refused, fence, [epochRecord(0)])).rejects.toThrow(/syntax error/);
  await sleep(300);
  expect(await database().prisma.epoch.count({ where: { trialId: id! } })).toBe(0);
  // The connection is whole, and the trial free.
  expect(await recordEpochs(database(), fence, [epochRecord(0)])).toMatchObject({ epochsDone: 1 });
  expect((await refused.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
