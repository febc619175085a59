import { setTimeout as sleep } from 'node:timers/promises';
import { round } from '../statistics.ts';
import { startFleet } from './fleet.ts';
import { refusals, submit } from './submit.ts';

const plain = { count: 180, priority: 10 } as const;
const urgent = { count: 20, priority: 40 } as const;
const trials = 30;
const streamCount = 500;

/** 200 experiments at once, 500 idle event streams and 50 workers: who gets how much, and does anyone wait in vain? */
export async function measureFairness(queue: 'postgres' | 'redis'): Promise<void> {
  const fleet = await startFleet(queue);
  const stop = new AbortController();
  try {
    const idle = await submit(fleet.apiUrl, trials);
    await fetch(new URL(`/experiments/${idle}/pause`, fleet.apiUrl), { method: 'POST' });
    await fleet.startWorkers(5, 10);
    const streams = await Promise.all(
      Array.from({ length: streamCount }, () =>
        fetch(new URL(`/experiments/${idle}/events`, fleet.apiUrl), { signal: stop.signal }),
      ),
    );
    const open = streams.filter(({ status }) => status === 200).length;

    const began = performance.now();
    const ids = await Promise.all(
      Array.from({ length: plain.count + urgent.count }, (_, i) => {
        const { priority } = i % 10 === 0 ? urgent : plain;
        return submit(fleet.apiUrl, trials, { priority });
      }),
    );
    const submitted = (performance.now() - began) / 1000;
    const finished = async () => {
      const found = await fleet.pool.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM experiments WHERE id = ANY ($1::uuid[]) AND state = 'succeeded'`,
        [ids],
      );
      return found.rows[0]!.n;
    };
    while ((await finished()) < ids.length) await sleep(200);
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `queue on ${queue}: ${ids.length} experiments of ${trials} trials at once, 50 workers, ${open} idle streams: ` +
        `accepted in ${round(submitted)} s (after ${refusals.get(fleet.apiUrl) ?? 0} answers of 503), all over after ${round(seconds)} s`,
    );
    await report(fleet.pool, ids, queue);
  } finally {
    stop.abort();
    await fleet.stop();
  }
}

/** How far each first stage had come when four tenths of all their trials were through: until then all compete. */
async function report(pool: import('pg').Pool, ids: readonly string[], queue: string): Promise<void> {
  const { rows } = await pool.query<{ priority: number; done: number; waited: number }>(
    `WITH ended AS (
       SELECT t.experiment_id, a.started_at, a.ended_at, e.priority, e.created_at
         FROM attempts a JOIN trials t ON t.id = a.trial_id JOIN experiments e ON e.id = t.experiment_id
        WHERE t.experiment_id = ANY ($1::uuid[]) AND t.stage_name = 'float'
     ), moment AS (
       SELECT percentile_disc(0.4) WITHIN GROUP (ORDER BY ended_at) AS at FROM ended
     )
     SELECT priority, count(*) FILTER (WHERE ended_at <= at)::int AS done,
            extract(epoch FROM min(started_at) - min(created_at))::float8 AS waited
       FROM ended, moment GROUP BY experiment_id, priority`,
    [ids],
  );
  for (const { priority } of [plain, urgent]) {
    const own = rows.filter((row) => row.priority === priority);
    const done = own.map((row) => row.done);
    const mean = done.reduce((sum, n) => sum + n, 0) / done.length;
    const longest = Math.max(...own.map(({ waited }) => waited));
    console.log(
      `queue on ${queue}: priority ${priority}: ${own.length} experiments had ${Math.min(...done)} to ${Math.max(...done)} ` +
        `float trials (mean ${round(mean)}) when 40% of all were through; the longest wait for a first trial was ${round(longest)} s`,
    );
  }
}
