import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { cancelExperiment, connectDatabase, type Database, defaultLeaseMs } from '@bitkiln/lifecycle';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { submitTiny } from '../../../apps/worker/test/support/experiment.ts';
import { type SpawnedWorker, spawnWorker } from '../../../apps/worker/test/support/spawn-worker.ts';
import { floatTrial, upTo } from './own-postgres.ts';

const oneTrial = { movingScales: { trials: 1, epochs: 1 }, frozenScales: { trials: 1, epochs: 1 } };
const hourMs = 3_600_000;
const minuteMs = 60_000;

let url: string;
let database: Database;
const workers: SpawnedWorker[] = [];
beforeAll(async () => {
  url = await createTestDatabase();
  database = await connectDatabase(url);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await database.close();
});

/** A worker on a host whose clock is off. */
function skewed(offsetMs: number): SpawnedWorker {
  const preload = new URL('./clock-offset.mjs', import.meta.url).href;
  const started = spawnWorker({
    DATABASE_URL: url,
    LOG_LEVEL: 'debug',
    NODE_OPTIONS: `--import ${preload}`,
    BITKILN_TEST_CLOCK_OFFSET_MS: String(offsetMs),
  });
  workers.push(started);
  return started;
}

test.each([
  ['ahead', hourMs],
  ['behind', -hourMs],
])(
  'leases hold and lapse by the database’s clock: a worker’s is an hour %s, its heir’s the other way',
  async (_, offsetMs) => {
    const experimentId = await submitTiny(database, { float: { trials: 1, epochs: 2000 }, ...oneTrial });
    const first = skewed(offsetMs);
    const recorded = (worker: SpawnedWorker, epoch: number) =>
      worker.line((line) => line.msg === 'epoch recorded' && line.epoch === epoch);
    const { time } = await recorded(first, 1);
    expect(Math.abs((time as number) - Date.now() - offsetMs)).toBeLessThan(minuteMs);

    // To this one's clock the lease lapsed long ago, or will hold for two hours.
    const heir = skewed(-offsetMs);
    await heir.line(({ msg }) => msg.includes('trains with'));
    await sleep(2 * defaultLeaseMs);
    expect((await floatTrial(database, experimentId)).attempts).toMatchObject([
      { number: 1, state: 'running' },
    ]);

    await first.end('SIGKILL');
    const claim = await heir.line(({ msg }) => msg === 'trial claimed');
    await recorded(heir, (claim.startEpoch as number) + 1);
    const trial = await floatTrial(database, experimentId);
    expect(trial).toMatchObject({
      failures: 0,
      preemptions: 1,
      attempts: [
        { state: 'preempted', reason: 'lease lapsed' },
        { state: 'running', startEpoch: claim.startEpoch },
      ],
    });
    expect(trial.numbers).toEqual(upTo(trial.numbers.length));
    for (const { startedAt, leaseExpiresAt } of trial.attempts) {
      for (const at of [startedAt, leaseExpiresAt]) {
        expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(4 * minuteMs);
      }
    }
    await cancelExperiment(database, experimentId);
    await heir.end('SIGKILL');
  },
  240_000,
);
