import { connectDatabase, migrate, openQueue } from '@bitkiln/lifecycle';
import pg from 'pg';
import { buildApp } from '../../apps/api/src/app.ts';
import { quantile, round } from '../statistics.ts';
import { flatQueries, sequentialScans, type Target } from './flat-queries.ts';
import { generateHistory, type HistorySize } from './generate.ts';
import { withPostgres } from './with-postgres.ts';

const repeats = 200;

/** Queries over 1,000 trials and over 1,000,000 with 20,000,000 epochs, in turns, and the ratio of their p99. */
export function measureFlatness(): Promise<void> {
  const settings = { fsync: 'off', max_wal_size: '4GB', shared_buffers: '1GB' };
  return withPostgres(settings, async (url) => {
    const small = await prepare(url, 'small', { experiments: 0, epochsPerTrial: 20 });
    const large = await prepare(url, 'large', { experiments: 999, epochsPerTrial: 20 });
    for (const { history } of [small, large]) {
      console.log(`${history.trials} trials, ${history.epochs} epochs`);
    }
    const before = await sequentialScans(large.database, 10_000);
    await compare(small, large);
    const after = await sequentialScans(large.database, 10_000);
    for (const [table, scans] of Object.entries(after)) {
      console.log(`sequential scans of ${table}: ${scans - (before[table] ?? 0)}`);
    }
    for (const { app, queue, database } of [small, large]) {
      await app.close();
      await queue.close();
      await database.close();
    }
  });
}

async function compare(small: Target, large: Target): Promise<void> {
  const [ofSmall, ofLarge] = [await flatQueries(small), await flatQueries(large)];
  for (const [name, onSmall] of Object.entries(ofSmall)) {
    const onLarge = ofLarge[name]!;
    const times = { small: [] as number[], large: [] as number[] };
    for (let i = 0; i < repeats; i += 1) {
      times.small.push(await timed(onSmall));
      times.large.push(await timed(onLarge));
    }
    const [a, b] = [quantile(times.small, 0.99), quantile(times.large, 0.99)];
    const [c, d] = [quantile(times.small, 0.5), quantile(times.large, 0.5)];
    console.log(
      `${name.padEnd(42)} p99 ${round(a)} -> ${round(b)} ms, ratio ${round(b / a, 2)} (limit 1.5); ` +
        `median ${round(c)} -> ${round(d)} ms, ratio ${round(d / c, 2)}`,
    );
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

async function prepare(serverUrl: string, name: string, size: HistorySize): Promise<Target> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  const history = await generateHistory(url.href, size);
  const database = await connectDatabase(url.href);
  const queue = await openQueue({ databaseUrl: url.href });
  return { app: await buildApp({ database, queue }), database, queue, history };
}
