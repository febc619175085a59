import { expect, test } from 'vitest';
import {
  claimEvaluation,
  claimTrial,
  openQueue,
  reconcile,
  relayOutbox,
  workFormat,
} from '../../src/index.ts';
import { useDatabase } from '../support/database.ts';
import { finishAll, newWorker, numerics, submit, waitingTrials } from '../support/experiment.ts';

const database = useDatabase();

/** As if a newer version had made it. */
const makeNewer = (experimentId: string) =>
  database().pool.query('UPDATE experiments SET format = format + 1 WHERE id = $1', [experimentId]);
const newer = { outcome: 'newer-format', format: workFormat + 1, readable: workFormat };

test('a worker leaves a trial of a newer version alone, for the workers that can read it', async () => {
  const experimentId = await submit(database(), { trials: 1 });
  const [id] = await waitingTrials(database(), experimentId);
  const input = { trialId: id!, workerId: await newWorker(database()), numericsId: numerics };
  await makeNewer(experimentId);
  for (let i = 0; i < 5; i += 1) expect(await claimTrial(database(), input)).toEqual(newer);
  const untouched = { state: 'queued', attempt: 0, failures: 0, failureReason: null, numericsId: null };
  expect(await database().prisma.trial.findUniqueOrThrow({ where: { id: id! } })).toMatchObject(untouched);
  expect(await database().prisma.attempt.count({ where: { trialId: id! } })).toBe(0);

  // The wake-up that it took comes again, so that a newer worker finds it.
  const queue = await openQueue({ databaseUrl: database().url });
  const consumer = queue.consumer(numerics);
  try {
    await relayOutbox(database(), queue);
    await (await consumer.next(AbortSignal.timeout(5000)))!.done();
    await database().pool.query(`UPDATE trials SET dispatched_at = now() - interval '1 minute'`);
    expect(await reconcile(database(), queue)).toMatchObject({ resent: 1 });
    await relayOutbox(database(), queue);
    const again = await consumer.next(AbortSignal.timeout(5000));
    expect(again?.payload).toEqual({ kind: 'trial', trialId: id });
    await again!.done();
  } finally {
    await consumer.close();
    await queue.close();
  }
  await database().pool.query('UPDATE experiments SET format = $2 WHERE id = $1', [experimentId, workFormat]);
  expect((await claimTrial(database(), input)).outcome).toBe('claimed');
});

test('nor does it evaluate a winner of a newer version', async () => {
  const experimentId = await submit(database());
  await finishAll(database(), experimentId);
  await makeNewer(experimentId);
  const workerId = await newWorker(database());
  expect(await claimEvaluation(database(), { experimentId, workerId })).toEqual(newer);
  expect(await database().prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } })).toMatchObject(
    {
      state: 'evaluating',
      evaluationAttempt: 0,
      evaluationFailures: 0,
    },
  );
});
