import { setTimeout as sleep } from 'node:timers/promises';
import { connectDatabase } from '@bitkiln/lifecycle';
import pg from 'pg';
import { expect, test } from 'vitest';
import { submitTiny } from '../../../apps/worker/test/support/experiment.ts';
import { spawnWorker } from '../../../apps/worker/test/support/spawn-worker.ts';
import { floatTrial, migrated, ownPostgres, upTo } from './own-postgres.ts';

const epochs = 80;
const oneTrial = { movingScales: { trials: 1, epochs: 1 }, frozenScales: { trials: 1, epochs: 1 } };

test('without a connection to be had a worker waits, and its trial goes on once there is one', async () => {
  const postgres = await ownPostgres({ max_connections: 16 });
  const url = await migrated(await postgres.createDatabase('busy'));
  const database = await connectDatabase(url, { poolSize: 1 });
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs }, ...oneTrial });
  const worker = spawnWorker({ DATABASE_URL: url, LOG_LEVEL: 'debug' });
  await worker.line(({ msg, epoch }) => msg === 'epoch recorded' && epoch === 1);

  const hog = createHog(url);
  await hog.shutOut('bitkiln');
  const refused = await worker.line(({ err }) => (err as { code?: string } | undefined)?.code === '53300');
  expect((refused.err as { message: string }).message).toMatch(/too many clients|connection slots/);
  // Longer than its lease.
  await hog.keepFor(4500);
  const { rows } = await hog.query('SELECT state, failures, epochs_done FROM trials');
  expect(rows).toMatchObject([{ failures: 0 }]);
  expect(rows[0].epochs_done).toBeLessThan(epochs);
  await hog.letGo();

  await worker.line(({ msg }) => msg === 'trial completed');
  const finished = await floatTrial(database, experimentId);
  expect(finished).toMatchObject({ state: 'succeeded', failures: 0, numbers: upTo(epochs) });
  expect(await worker.end('SIGTERM')).toBe(0);
  await database.close();
}, 240_000);

/** Takes every connection that the server has to give. */
function createHog(connectionString: string) {
  const held: pg.Client[] = [];
  const takeOne = async () => {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      held.push(client);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== '53300') throw error;
      return false;
    }
  };
  const takeAll = async () => {
    for (let refusals = 0; refusals < 3; ) {
      if (await takeOne()) refusals = 0;
      else refusals += 1;
    }
  };
  const query = (sql: string, values: readonly string[] = []) => held[0]!.query(sql, [...values]);
  return {
    query,
    /** Ends a program's connections until every one is held here: one that breaks off may be back first. */
    shutOut: async (program: string) => {
      for (let ended: number | null = null; ended !== 0; ) {
        await takeAll();
        const result = await query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1 || '%'`,
          [program],
        );
        ended = result.rowCount;
      }
    },
    keepFor: async (ms: number) => {
      for (const end = Date.now() + ms; Date.now() < end; await sleep(100)) await takeOne();
    },
    letGo: async () => {
      await Promise.all(held.map((client) => client.end()));
    },
  };
}
