import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, type Database, openQueue } from '@bitkiln/lifecycle';
import pg from 'pg';
import { expect, test } from 'vitest';
import { buildApp } from '../../apps/api/src/app.ts';
import { flatQueries } from '../../bench/orchestrator/flat-queries.ts';
import { generateHistory } from '../../bench/orchestrator/generate.ts';

test('no listing, progress, best or claim query reads a large table from end to end', async () => {
  const databaseUrl = await createTestDatabase();
  const history = await generateHistory(databaseUrl, { experiments: 29, epochsPerTrial: 5 });
  expect(history).toMatchObject({ trials: 30_000, epochs: (29_000 + 600) * 5 });
  await explainAll(databaseUrl);
  const database = await connectDatabase(databaseUrl);
  const plans = await collectPlans(database);
  const queue = await openQueue({ databaseUrl });
  const app = await buildApp({ database, queue });
  const queries = await flatQueries({ app, database, queue, history });
  for (const [name, run] of Object.entries(queries)) {
    plans.length = 0;
    await run();
    expect(plans.length, name).toBeGreaterThan(0);
    const scanning = plans.filter((plan) => /Seq Scan on (trials|epochs|attempts)\b/.test(plan));
    expect(scanning, name).toEqual([]);
  }
  await app.close();
  await queue.close();
  await database.close();
}, 240_000);

/** Has the server tell the plan of every statement of new sessions, as it is run and with its own parameters. */
async function explainAll(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const name = new URL(databaseUrl).pathname.slice(1);
  const settings = {
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_level': 'notice',
  };
  for (const [setting, value] of Object.entries(settings)) {
    await client.query(`ALTER DATABASE "${name}" SET ${setting} = '${value}'`);
  }
  await client.end();
}

/** The plans that the pool's sessions are told, as they come. */
async function collectPlans({ pool }: Database): Promise<string[]> {
  const plans: string[] = [];
  const listen = (client: pg.ClientBase) =>
    client.on('notice', ({ message }) => {
      if (message?.includes('plan:')) plans.push(message);
    });
  pool.on('connect', listen);
  // The pool has tried one connection already.
  const first = await pool.connect();
  listen(first);
  first.release();
  return plans;
}
