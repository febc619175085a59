import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  cancelExperiment,
  claimEvaluation,
  claimTrial,
  extendLease,
  heartbeatWorker,
  type JobQueue,
  type NumericsId,
  openQueue,
  reconcile,
  recordEpochs,
  relayOutbox,
  retireWorker,
  startMaintenance,
} from '../src/index.ts';
import { isUpkeepDue } from '../src/reconcile.ts';
import { useDatabase } from './support/database.ts';
import {
  claim,
  epochRecord,
  finish,
  finishAll,
  newWorker,
  numerics,
  submit,
  waitingTrials,
} from './support/experiment.ts';

const database = useDatabase();
let queue: JobQueue;
let experiments: string[];

beforeEach(async () => {
  queue = await openQueue({ databaseUrl: database().url });
  experiments = [];
});
afterEach(async () => {
  // What one test leaves waiting must not be found by the next.
  for (const id of experiments) await cancelExperiment(database(), id);
  await database().pool.query('DELETE FROM outbox');
  await database().pool.query('DELETE FROM bullmq.job');
  await queue.close();
});

async function submitted(trials = 1): Promise<string> {
  const id = await submit(database(), { trials });
  experiments.push(id);
  return id;
}

/** Makes what waits look as if it had waited for a minute. */
async function age(): Promise<void> {
  await database().pool.query(`UPDATE trials SET dispatched_at = dispatched_at - interval '1 minute'`);
  await database().pool.query(
    `UPDATE experiments SET evaluation_dispatched_at = evaluation_dispatched_at - interval '1 minute'`,
  );
}

test('the outbox is sent once, in order, and survives a crash between sending and forgetting', async () => {
  await submitted(3);
  const rows = (await database().pool.query('SELECT * FROM outbox ORDER BY id')).rows;
  expect(await relayOutbox(database(), queue)).toBe(3);
  expect(await relayOutbox(database(), queue)).toBe(0);
  // The crash: the jobs are in the queue, and the rows still in the outbox.
  for (const row of rows) {
    await database().pool.query('INSERT INTO outbox (job_id, queue, payload) VALUES ($1, $2, $3)', [
      row.job_id,
      row.queue,
      row.payload,
    ]);
  }
  expect(await relayOutbox(database(), queue)).toBe(3);
  const consumer = queue.consumer(numerics);
  for (const row of rows) {
    const job = await consumer.next(AbortSignal.timeout(5000));
    expect(job?.payload).toEqual(row.payload);
    await job!.done();
  }
  expect(await consumer.next(AbortSignal.timeout(500))).toBeNull();
  await consumer.close();
});

test('relays at once send each wake-up once between them', async () => {
  await submitted(40);
  const sent = await Promise.all(Array.from({ length: 5 }, () => relayOutbox(database(), queue)));
  expect(sent.reduce((sum, count) => sum + count, 0)).toBe(40);
  expect(await database().prisma.outboxEntry.count()).toBe(0);
});

test('keeps the outbox where the queue refuses', async () => {
  await submitted(2);
  const broken: JobQueue = { ...queue, enqueue: () => Promise.reject(new Error('queue is away')) };
  await expect(relayOutbox(database(), broken)).rejects.toThrow('queue is away');
  expect(await relayOutbox(database(), queue)).toBe(2);
});

test('a trial whose lease lapsed is preempted and woken again, once', async () => {
  const experimentId = await submitted();
  const [id] = await waitingTrials(database(), experimentId);
  const { fence } = await claim(database(), id!, { leaseMs: 200 });
  await recordEpochs(database(), fence, [epochRecord(0)], 200);
  expect(await reconcile(database(), queue)).toMatchObject({ preemptedTrials: 0 });
  await sleep(250);
  const reports = await Promise.all([1, 2, 3].map(() => reconcile(database(), queue)));
  expect(reports.reduce((sum, { preemptedTrials }) => sum + preemptedTrials, 0)).toBe(1);
  expect(await extendLease(database(), fence)).toEqual({ held: false, reason: 'preempted' });
  const trial = await database().prisma.trial.findUniqueOrThrow({
    where: { id: id! },
    include: { attempts: true },
  });
  expect(trial).toMatchObject({ state: 'preempted', failures: 0, preemptions: 1, epochsDone: 1 });
  expect(trial.attempts).toMatchObject([{ state: 'preempted', reason: 'lease lapsed' }]);
  await relayOutbox(database(), queue);
  const gpu: NumericsId = {
    trainer: 'tensor',
    definition: 1,
    options: 'backend=node-gpu',
    reproducible: false,
  };
  const [other, own] = [queue.consumer(gpu), queue.consumer(numerics)];
  await database().pool.query(`DELETE FROM bullmq.job WHERE queue = 'trials'`);
  expect(await other.next(AbortSignal.timeout(500))).toBeNull();
  expect((await own.next(AbortSignal.timeout(5000)))?.payload).toEqual({ kind: 'trial', trialId: id });
  await other.close();
  await own.close();
});

test('an extended lease does not lapse', async () => {
  const [id] = await waitingTrials(database(), await submitted());
  const { fence } = await claim(database(), id!, { leaseMs: 300 });
  for (let i = 0; i < 5; i += 1) {
    await sleep(100);
    await extendLease(database(), fence, 300);
    expect(await reconcile(database(), queue)).toMatchObject({ preemptedTrials: 0 });
  }
});

test('an evaluation whose lease lapsed is woken again', async () => {
  const experimentId = await submitted();
  await finishAll(database(), experimentId);
  const workerId = await newWorker(database());
  await claimEvaluation(database(), { experimentId, workerId, leaseMs: 200 });
  await sleep(250);
  expect(await reconcile(database(), queue)).toMatchObject({ preemptedEvaluations: 1 });
  const again = await claimEvaluation(database(), { experimentId, workerId });
  expect(again).toMatchObject({ outcome: 'claimed', evaluation: { fence: { attempt: 2 } } });
});

test('wake-ups that the queue lost are sent again, and those it holds are not', async () => {
  const [begun, fresh] = await waitingTrials(database(), await submitted(2));
  const evaluating = await submitted();
  await finishAll(database(), evaluating);
  const { fence } = await claim(database(), begun!, { leaseMs: 1 });
  await sleep(20);
  await reconcile(database(), queue);
  expect((await extendLease(database(), fence)).held).toBe(false);
  await relayOutbox(database(), queue);
  await age();
  expect(await reconcile(database(), queue)).toMatchObject({ resent: 0 });

  await database().pool.query('DELETE FROM bullmq.job');
  expect(await reconcile(database(), queue)).toMatchObject({ resent: 0 });
  await age();
  expect(await reconcile(database(), queue)).toMatchObject({ resent: 3 });
  await relayOutbox(database(), queue);
  const consumer = queue.consumer(numerics);
  const taken = [];
  for (let job = await consumer.next(AbortSignal.timeout(2000)); job !== null; ) {
    taken.push(job.payload);
    await job.done();
    job = await consumer.next(AbortSignal.timeout(500));
  }
  await consumer.close();
  expect(taken).toEqual([
    { kind: 'evaluation', experimentId: evaluating },
    { kind: 'trial', trialId: begun },
    { kind: 'trial', trialId: fresh },
  ]);
});

test('silent workers count as lost until they give a sign of life', async () => {
  const [silent, alive, left] = [
    await newWorker(database()),
    await newWorker(database()),
    await newWorker(database()),
  ];
  await retireWorker(database(), left);
  await database().pool.query(
    `UPDATE workers SET heartbeat_at = now() - interval '1 minute' WHERE id = ANY ($1)`,
    [[silent, left]],
  );
  await reconcile(database(), queue);
  const state = async (id: string) =>
    (await database().prisma.worker.findUniqueOrThrow({ where: { id } })).state;
  expect([await state(silent), await state(alive), await state(left)]).toEqual(['lost', 'online', 'retired']);
  await heartbeatWorker(database(), silent, { draining: true, samplesPerSecond: 1234.5 });
  expect(await database().prisma.worker.findUniqueOrThrow({ where: { id: silent } })).toMatchObject({
    state: 'draining',
    samplesPerSecond: 1234.5,
  });
  await expect(heartbeatWorker(database(), left)).rejects.toThrow(/there is no worker/);
});

test('of all processes one does the upkeep at a time', async () => {
  await database().pool.query(`UPDATE upkeep SET due_at = now() - interval '1 second'`);
  const due = await Promise.all(Array.from({ length: 10 }, () => isUpkeepDue(database(), 60_000)));
  expect(due.filter(Boolean)).toHaveLength(1);
  await database().pool.query('UPDATE upkeep SET due_at = now()');
});

test("maintenance brings a killed worker's trial to another within five seconds", async () => {
  const errors: unknown[] = [];
  const maintenance = startMaintenance(database(), queue, { onError: (error) => errors.push(error) });
  const consumer = queue.consumer(numerics);
  try {
    const experimentId = await submitted();
    const job = await consumer.next(AbortSignal.timeout(5000));
    const [id] = await waitingTrials(database(), experimentId);
    expect(job?.payload).toEqual({ kind: 'trial', trialId: id });
    const { fence } = await claim(database(), id!);
    await job!.done();
    await recordEpochs(database(), fence, [epochRecord(0)]);
    // From here on the worker is silent.
    const killed = performance.now();
    const next = await consumer.next(AbortSignal.timeout(10_000));
    expect(next?.payload).toEqual({ kind: 'trial', trialId: id });
    const again = await claimTrial(database(), {
      trialId: id!,
      workerId: await newWorker(database()),
      numericsId: numerics,
    });
    expect(again).toMatchObject({ outcome: 'claimed', trial: { resume: { epochsDone: 1 } } });
    expect(performance.now() - killed).toBeLessThan(5000);
    if (again.outcome === 'claimed') await finish(database(), again.trial);
    await next!.done();
  } finally {
    await consumer.close();
    await maintenance.stop();
  }
  expect(errors).toEqual([]);
});
