import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, round } from '../statistics.ts';
import { startFleet } from './fleet.ts';
import { submit } from './submit.ts';

/** From `POST` to winner for 1,000 trials by one slot, and completions a second by several processes at once. */
export async function measureThroughput(queue: 'postgres' | 'redis'): Promise<void> {
  const fleet = await startFleet(queue);
  try {
    await fleet.startWorkers(1, 1);
    await finish(fleet.pool, [await submit(fleet.apiUrl, 30)]);

    const began = performance.now();
    const one = await submit(fleet.apiUrl, 1000);
    await finish(fleet.pool, [one]);
    const wallMs = performance.now() - began;
    const gaps = await fleet.pool.query<{ ms: number }>(
      `SELECT 1000 * extract(epoch FROM ended_at - lag(ended_at) OVER (ORDER BY ended_at))::float8 AS ms
         FROM attempts JOIN trials ON trials.id = trial_id WHERE experiment_id = $1`,
      [one],
    );
    const overhead = gaps.rows.map(({ ms }) => ms).filter((ms) => ms !== null);
    console.log(
      `queue on ${queue}: 1,000 trials on one slot, POST to winner: ${round(wallMs / 1000)} s; ` +
        `overhead a trial: median ${round(quantile(overhead, 0.5))} ms, p99 ${round(quantile(overhead, 0.99))} ms (goal: 5 ms)`,
    );

    await fleet.startWorkers(3, 4);
    // Every process reads its images once.
    await finish(fleet.pool, [await submit(fleet.apiUrl, 60)]);
    const start = performance.now();
    const ids = await Promise.all(Array.from({ length: 12 }, () => submit(fleet.apiUrl, 300)));
    await finish(fleet.pool, ids);
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `queue on ${queue}: 12 experiments of 300 trials, 13 slots in 4 processes: ` +
        `${round(3600 / seconds)} completions/s (goal: 2,000)`,
    );
  } finally {
    await fleet.stop();
  }
}

async function finish(pool: import('pg').Pool, ids: readonly string[]): Promise<void> {
  for (;;) {
    const open = await pool.query<{ state: string }>(
      `SELECT state FROM experiments WHERE id = ANY ($1::uuid[]) AND state <> 'succeeded'`,
      [ids],
    );
    if (open.rows.some(({ state }) => state === 'failed')) throw new Error('an experiment failed');
    if (open.rowCount === 0) return;
    await sleep(20);
  }
}
