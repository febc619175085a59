import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTestDatabase } from '@bitkiln/infra/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  backup,
  claimEvaluation,
  connectDatabase,
  type Database,
  openQueue,
  reconcile,
  recordEpochs,
  recordWinner,
  repeatTrial,
  restore,
  submitExperiment,
} from '../../src/index.ts';
import { useDatabase } from '../support/database.ts';
import {
  claim,
  epochRecord,
  finish,
  finishAll,
  newExperiment,
  newWorker,
  submit,
  waitingTrials,
} from '../support/experiment.ts';

const database = useDatabase();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitkiln-backup-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A database as a fresh server has it. */
async function emptyDatabase(): Promise<string> {
  const url = await createTestDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await client.end();
  return url;
}

/** Every row of every table, as one digest a table. */
async function contents({ pool }: Database): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations'`,
  );
  const digests: Record<string, string> = {};
  for (const { name } of rows) {
    const all = await pool.query(`SELECT t::text AS row FROM "${name}" t ORDER BY t::text`);
    const text = all.rows.map(({ row }) => row).join('\n');
    digests[name] = `${all.rowCount} ${createHash('sha256').update(text).digest('hex')}`;
  }
  return digests;
}

test('a restored database holds every row, and the work goes on in it', async () => {
  // One experiment with a winner, one half way, with a running trial and a repeat; a name that needs escaping.
  const finished = await submit(database(), { name: 'tab\t, backslash \\. and\nnewline', trials: 2 });
  await finishAll(database(), finished);
  const workerId = await newWorker(database());
  const evaluation = await claimEvaluation(database(), { experimentId: finished, workerId });
  if (evaluation.outcome !== 'claimed') throw new Error(evaluation.outcome);
  const files = { json: randomBytes(3000), h5: randomBytes(70_000), version: '0.1.0' };
  await recordWinner(database(), evaluation.evaluation.fence, { testCorrect: 9, testTotal: 10, ...files });
  const halfWay = await submit(database(), { trials: 3 });
  const [done, running] = await waitingTrials(database(), halfWay);
  await finish(database(), await claim(database(), done!));
  await repeatTrial(database(), done!, 'ann');
  const trial = await claim(database(), running!);
  await recordEpochs(database(), trial.fence, [epochRecord(0)]);

  const file = join(folder, 'whole.bitkiln');
  const made = await backup(database().url, file);
  expect(made).toMatchObject({ file, bytes: (await stat(file)).size, rows: { experiments: 2, models: 1 } });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(backup(database().url, file)).rejects.toThrow(/exists already/);

  const url = await emptyDatabase();
  const restored = await restore(url, file);
  expect(restored.rows).toEqual(made.rows);
  expect(restored.migrated).toEqual([]);
  const copy = await connectDatabase(url);
  const queue = await openQueue({ databaseUrl: url });
  try {
    expect(await contents(copy)).toEqual(await contents(database()));
    await expect(copy.pool.query('DELETE FROM workers')).rejects.toThrow(/foreign key constraint/);
    // The running trial's worker does not know this database: its lease lapses, and another goes on.
    await copy.pool.query(
      `UPDATE attempts SET lease_expires_at = now() - interval '1 s' WHERE state = 'running'`,
    );
    expect(await reconcile(copy, queue)).toMatchObject({ preemptedTrials: 1 });
    const again = await claim(copy, running!);
    expect(again).toMatchObject({ fence: { attempt: 2 }, resume: { epochsDone: 1 } });
    expect(again.resume?.secondMoment).toEqual(epochRecord(0).checkpoint.secondMoment);
    await finish(copy, again);
    await finishAll(copy, halfWay);
    await submitExperiment(copy, newExperiment());
    const row = await copy.prisma.experiment.findUniqueOrThrow({ where: { id: halfWay } });
    expect(row.state).toBe('evaluating');
  } finally {
    await queue.close();
    await copy.close();
  }
  await expect(restore(url, file)).rejects.toThrow(/holds experiments already/);
});

test('a backup of the moment is whole while others write', async () => {
  const experimentId = await submit(database(), { trials: 8 });
  const ids = await waitingTrials(database(), experimentId);
  const file = join(folder, 'moment.bitkiln');
  const writes = ids.map(async (id) => finish(database(), await claim(database(), id)));
  await backup(database().url, file);
  await Promise.all(writes);
  const url = await emptyDatabase();
  // Foreign keys are checked, and what was counted agrees with what was recorded.
  await restore(url, file);
  const copy = await connectDatabase(url);
  const found = await copy.pool.query(
    `SELECT count(*)::int AS wrong FROM trials t
      WHERE epochs_done <> (SELECT count(*) FROM epochs WHERE trial_id = t.id)`,
  );
  await copy.close();
  expect(found.rows[0].wrong).toBe(0);
});

test('a file that is damaged, cut short, foreign or of a newer version changes nothing', async () => {
  await submit(database());
  const file = join(folder, 'good.bitkiln');
  await backup(database().url, file);
  const bytes = await readFile(file);
  const text = gunzipSync(bytes).toString('utf8');
  const url = await emptyDatabase();
  const refuses = async (content: Buffer, message: RegExp) => {
    const bad = join(folder, 'bad.bitkiln');
    await writeFile(bad, content);
    await expect(restore(url, bad)).rejects.toThrow(message);
  };
  await refuses(Buffer.from('{"format":"other"}\n'), /is no whole backup: incorrect header check/);
  await refuses(gzipSync('{"format":"other"}\n'), /is no backup of bitkiln/);
  await refuses(gzipSync(''), /is no backup of bitkiln/);
  await refuses(bytes.subarray(0, bytes.length - 100), /is no whole backup: unexpected end of file/);
  await refuses(gzipSync(text.slice(0, text.length - 200)), /cut short|damaged/);
  await refuses(gzipSync(text.replace('"formatVersion":1', '"formatVersion":2')), /has the format version 2/);
  await refuses(gzipSync(text.replace('20261124000000_init', '20991124000000_init')), /a newer one made it/);
  await expect(restore(url, join(folder, 'none'))).rejects.toThrow(/ENOENT/);
  await restore(url, file);
  const copy = await connectDatabase(url);
  expect(await contents(copy)).toEqual(await contents(database()));
  await copy.close();
});

test('a database that a service uses is not restored into', async () => {
  const file = join(folder, 'busy.bitkiln');
  await backup(database().url, file);
  const url = await createTestDatabase();
  const service = await connectDatabase(url, { applicationName: 'bitkiln worker' });
  await expect(restore(url, file)).rejects.toThrow(/a service uses the database \(bitkiln worker\)/);
  await service.close();
});
