import type { Database, JobQueue } from '@bitkiln/lifecycle';
import { claimTrial, newId, reconcile, registerWorker, releaseTrial } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import type { GeneratedHistory } from './generate.ts';
import { noopTrainer } from './noop-trainer.ts';

export interface Target {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly queue: JobQueue;
  readonly history: GeneratedHistory;
}

const { numericsId } = noopTrainer;

/** What must cost the same however much history there is: by name, a call to repeat. */
export async function flatQueries(target: Target): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const { app, database, queue, history } = target;
  const get = async (url: string) => {
    const response = await app.inject({ url });
    if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${response.payload}`);
    return response.json();
  };
  const live = history.liveId;
  const secondPage = async (url: string) => {
    const { nextCursor } = await get(url);
    return `${url}&cursor=${encodeURIComponent(nextCursor)}`;
  };
  const [trial] = (await get(`/experiments/${live}/trials?state=succeeded&limit=1`)).items;
  const deepLoss = await secondPage('/trials?sort=loss&limit=200');
  const deepNewest = await secondPage('/trials?limit=200');
  const { workerId } = await registerWorker(database, {
    host: `bench-${newId()}`,
    pid: process.pid,
    device: 'cpu:0',
    numericsId,
    version: '0.1.0',
  });
  const claim = async () => {
    const waiting = await database.pool.query<{ id: string }>(
      `SELECT id FROM trials WHERE experiment_id = $1 AND state IN ('queued', 'preempted') LIMIT 1`,
      [live],
    );
    const claimed = await claimTrial(database, { trialId: waiting.rows[0]!.id, workerId, numericsId });
    if (claimed.outcome !== 'claimed') throw new Error(`a trial was ${claimed.outcome}`);
    await releaseTrial(database, claimed.trial.fence, 'benchmark');
  };
  return {
    'list experiments': () => get('/experiments?limit=50'),
    'list trials, newest': () => get('/trials?limit=50'),
    'list trials, newest, second page': () => get(deepNewest),
    'list trials of all, by loss': () => get('/trials?sort=loss&limit=50'),
    'list trials of all, by loss, second page': () => get(deepLoss),
    'list trials of all, by accuracy': () => get('/trials?sort=accuracy&limit=50'),
    'list running trials': () => get('/trials?state=running&limit=50'),
    'best of an experiment, by loss': () => get(`/experiments/${live}/trials?sort=loss&limit=50`),
    'best of an experiment, by accuracy': () => get(`/experiments/${live}/trials?sort=accuracy&limit=50`),
    'progress of an experiment': () => get(`/experiments/${live}`),
    'summary of an experiment': () => get(`/experiments/${live}/summary`),
    'a trial': () => get(`/trials/${trial.id}`),
    "a trial's epochs": () => get(`/trials/${trial.id}/epochs?limit=100`),
    'claim and hand back': claim,
    reconcile: () => reconcile(database, queue),
  };
}

/** Sequential scans of tables that hold so many rows or more, by table, since the database was made. */
export async function sequentialScans(
  database: Database,
  leastRows: number,
): Promise<Record<string, number>> {
  // Backends report their counts after a second at the latest.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const found = await database.pool.query<{ relname: string; seq_scan: number }>(
    `SELECT relname, seq_scan::int AS seq_scan FROM pg_stat_user_tables JOIN pg_class USING (relname)
      WHERE schemaname = 'public' AND reltuples >= $1 AND relkind = 'r'`,
    [leastRows],
  );
  return Object.fromEntries(found.rows.map(({ relname, seq_scan: scans }) => [relname, scans]));
}
