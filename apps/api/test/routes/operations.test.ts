import { freePort } from '@bitkiln/infra';
import {
  completeTrial,
  createToken,
  failTrial,
  heartbeatWorker,
  releaseTrial,
  retireWorker,
} from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { openEventStream } from '../helpers/event-stream.ts';
import { runToWinner, startWorker, trainEpochs, trainStage } from '../helpers/synthetic-run.ts';
import { buildTestApp, get, post, send } from '../helpers/test-app.ts';

const { app, database } = await buildTestApp();
const { workerId } = await startWorker(database);
const unknown = '0198c0de-0000-7000-8000-000000000000';

const submit = async (body: object = {}): Promise<string> =>
  (await post(app, '/experiments', { ...tiny, ...body })).body.id;
const trialsOf = async (experimentId: string, query = '') =>
  (await get(app, `/experiments/${experimentId}/trials?limit=500${query}`)).body.items;
const trialOf = async (id: string) => (await get(app, `/trials/${id}`)).body;
const experimentOf = async (id: string) => (await get(app, `/experiments/${id}`)).body;
const remove = (id: string, headers = {}) =>
  send(app, { method: 'DELETE', url: `/experiments/${id}`, headers });

test('an experiment is paused and resumed, again and again to the same effect', async () => {
  const id = await submit();
  const [trial] = await trialsOf(id);
  expect(trial.waiting).toEqual({ for: 'worker', workers: 1 });
  for (let i = 0; i < 2; i += 1) {
    const { status, body } = await post(app, `/experiments/${id}/pause`, {});
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'queued', secondsLeft: null, pausedAt: expect.stringMatching(/Z$/) });
  }
  expect((await trialOf(trial.id)).waiting).toEqual({ for: 'resume', workers: 1 });
  await expect(trainEpochs(database, workerId, trial.id, 1)).rejects.toThrow(/is paused/);
  for (let i = 0; i < 2; i += 1) {
    expect((await post(app, `/experiments/${id}/resume`, {})).body.pausedAt).toBeNull();
  }
  await trainEpochs(database, workerId, trial.id, 1);
  expect((await trialOf(trial.id)).waiting).toBeNull();
  await post(app, `/experiments/${id}/cancel`, {});
  const refused = await post(app, `/experiments/${id}/pause`, {});
  expect(refused).toMatchObject({ status: 409, body: { state: 'cancelled' } });
  expect(refused.body.type).toContain('wrong-state');
});

test('a failed trial is retried by its id', async () => {
  const id = await submit();
  const [{ id: trialId }] = await trialsOf(id);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await failTrial(database, await trainEpochs(database, workerId, trialId, 1), 'diverged');
  }
  expect(await trialOf(trialId)).toMatchObject({ state: 'failed', failures: 3, failureReason: 'diverged' });
  for (let i = 0; i < 2; i += 1) {
    const { status, body } = await post(app, `/trials/${trialId}/retry`, {});
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'queued', failures: 0, failureReason: null, epochsDone: 1 });
  }
  await completeTrial(database, await trainEpochs(database, workerId, trialId, 2));
  expect(await post(app, `/trials/${trialId}/retry`, {})).toMatchObject({
    status: 409,
    body: { state: 'succeeded' },
  });
  expect(await post(app, `/experiments/${id}/retry`, {})).toMatchObject({ status: 409 });
});

test('a trial shows that no live worker has its numerics id, and is restarted for any', async () => {
  const id = await submit();
  const [{ id: trialId }] = await trialsOf(id);
  const { workerId: leaving } = await startWorker(database);
  await database.pool.query(`UPDATE workers SET numerics_id = 'kiln/1/simd' WHERE id = $1`, [workerId]);
  const fence = await trainEpochs(database, leaving, trialId, 1);
  expect(await post(app, `/trials/${trialId}/restart`, {})).toMatchObject({
    status: 409,
    body: { state: 'running' },
  });
  await releaseTrial(database, fence, 'drained');
  expect((await trialOf(trialId)).waiting).toEqual({ for: 'worker', workers: 1 });
  await heartbeatWorker(database, leaving, { draining: true });
  expect((await trialOf(trialId)).waiting).toEqual({ for: 'worker', workers: 0 });
  await retireWorker(database, leaving);
  for (let i = 0; i < 2; i += 1) {
    const { body } = await post(app, `/trials/${trialId}/restart`, {});
    expect(body).toMatchObject({
      state: 'queued',
      epochsDone: 0,
      numericsId: null,
      lowestLoss: null,
      waiting: { for: 'worker', workers: 1 },
      checkpoints: [],
    });
  }
  await database.pool.query(`UPDATE workers SET numerics_id = 'tensor/1/backend=cpu' WHERE id = $1`, [
    workerId,
  ]);
});

test('a repeat stands beside the trials, not among them, and tells whether the bytes were equal', async () => {
  const id = await submit();
  await trainStage(database, workerId, id);
  const [{ id: trialId }] = await trialsOf(id, '&stage=float');
  const first = await post(app, `/trials/${trialId}/repeat`, {});
  expect(first).toMatchObject({
    status: 201,
    body: { state: 'queued', repeat: { of: trialId, equal: null } },
  });
  expect(first.headers.location).toBe(`/trials/${first.body.id}`);
  expect(await post(app, `/trials/${trialId}/repeat`, {})).toMatchObject({
    status: 200,
    body: { id: first.body.id },
  });
  await completeTrial(database, await trainEpochs(database, workerId, first.body.id, 2));
  expect(await trialOf(first.body.id)).toMatchObject({
    state: 'succeeded',
    repeat: { of: trialId, equal: true, difference: null },
  });
  expect((await trialOf(trialId)).repeats).toEqual([first.body.id]);
  expect((await trialsOf(id, '&stage=float')).map((trial: { id: string }) => trial.id)).not.toContain(
    first.body.id,
  );
  const repeats = (await get(app, `/trials?repeatOf=${trialId}`)).body.items;
  expect(repeats).toMatchObject([{ id: first.body.id }]);
  const [stage] = (await experimentOf(id)).stages;
  expect(stage).toMatchObject({ trials: { succeeded: 3 }, epochsDone: 6, progress: 1 });
  expect((await get(app, `/experiments/${id}/curves?stage=float`)).body.trials).toHaveLength(3);
  expect((await get(app, `/experiments/${id}/summary`)).body.stages[0].trials).toBe(3);
  expect(await post(app, `/trials/${first.body.id}/repeat`, {})).toMatchObject({ status: 409 });
});

test('an invalid trial keeps its record and its reason, and its stage tells of it', async () => {
  const id = await submit();
  await trainStage(database, workerId, id);
  const picked = (await experimentOf(id)).stages[0].pickedTrialId;
  expect(await post(app, `/trials/${picked}/invalidate`, {})).toMatchObject({
    status: 400,
    body: { errors: [{ field: '/reason' }] },
  });
  for (const reason of ['wrong images', 'another reason']) {
    const { status, body } = await post(app, `/trials/${picked}/invalidate`, { reason });
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'succeeded', invalid: { reason: 'wrong images' } });
  }
  const [stage] = (await experimentOf(id)).stages;
  expect(stage).toMatchObject({ invalidTrials: 1, trials: { succeeded: 3 } });
  expect(stage.pickedTrialId).not.toBe(picked);
  expect((await get(app, `/experiments/${id}/summary`)).body.stages[0].trials).toBe(2);
  const [next] = await trialsOf(id, '&stage=movingScales');
  await trainEpochs(database, workerId, next.id, 1);
  const refused = await post(app, `/trials/${stage.pickedTrialId}/invalidate`, { reason: 'wrong too' });
  expect(refused).toMatchObject({ status: 409 });
  expect(refused.body.detail).toContain('what follows from that has begun');
});

test('a deleted experiment is gone, its streams end, and deleting it again is the same', async () => {
  const id = await submit();
  await trainStage(database, workerId, id);
  const usage = (await get(app, `/experiments/${id}/disk-usage`)).body;
  expect(usage.epochs.count).toBe(6);
  expect(usage.checkpoints.map(({ kind }: { kind: string }) => kind)).toEqual([
    'lowestLoss',
    'highestAccuracy',
  ]);
  expect(usage.totalBytes).toBeGreaterThan(6 * 1995 * 4);
  const { lastEventId } = await experimentOf(id);
  const address = await app.listen({ host: '127.0.0.1', port: await freePort() });
  const stream = await openEventStream(`${address}/experiments/${id}/events`);
  await stream.until(lastEventId);
  expect((await remove(id)).status).toBe(204);
  await stream.ended;
  expect((await remove(id)).status).toBe(204);
  expect((await get(app, `/experiments/${id}`)).status).toBe(404);
  expect((await get(app, `/experiments/${id}/disk-usage`)).status).toBe(404);
  expect(await trialsOf(id)).toBeUndefined();
  expect((await remove(unknown)).status).toBe(404);
});

test('a stream of an experiment that is over ends behind its last event, whatever came after the end', async () => {
  const id = await submit();
  await runToWinner(database, id);
  const [trial] = await trialsOf(id);
  await post(app, `/trials/${trial.id}/repeat`, {});
  const { lastEventId } = await experimentOf(id);
  const reply = await send(app, { method: 'GET', url: `/experiments/${id}/events` });
  expect(reply.text.match(/^event: .*$/gm)?.at(-1)).toBe('event: trial.repeat-queued');
  expect(reply.text.match(/^id: .*$/gm)).toHaveLength(lastEventId);
  expect((await get(app, `/experiments/${id}/events?after=${lastEventId}`)).status).toBe(204);
});

test('pruning tells what would go, removes it, and leaves the young', async () => {
  const old = await submit({ name: 'old one' });
  const young = await submit({ name: 'young one' });
  for (const id of [old, young]) await runToWinner(database, id);
  await database.pool.query(`UPDATE experiments SET finished_at = now() - interval '40 days' WHERE id = $1`, [
    old,
  ]);
  const dry = (await post(app, '/prune', { dryRun: true })).body;
  expect(dry).toMatchObject({ dryRun: true, complete: true, experiments: [{ id: old, name: 'old one' }] });
  expect(dry.bytes).toBe(dry.experiments[0].bytes);
  const pruned = (await post(app, '/prune', {})).body;
  expect(pruned).toEqual({ ...dry, dryRun: false });
  expect((await post(app, '/prune', {})).body.experiments).toEqual([]);
  expect((await get(app, `/experiments/${old}/best`)).status).toBe(200);
  const whole = (await post(app, '/prune', { what: 'experiments' })).body;
  expect(whole.experiments).toMatchObject([{ id: old }]);
  expect((await get(app, `/experiments/${old}`)).status).toBe(404);
  expect((await get(app, `/experiments/${young}`)).status).toBe(200);
});

test('the audit names who did what, by pages, and outlives what it tells of', async () => {
  const id = await submit();
  await post(app, `/experiments/${id}/pause`, {});
  await post(app, `/experiments/${id}/resume`, {});
  const { token } = await createToken(database, { role: 'admin', name: 'carol', expires: null });
  await remove(id, { authorization: `Bearer ${token}` });
  const first = (await get(app, `/audit?experiment=${id}&limit=2`)).body;
  const second = (await get(app, `/audit?experiment=${id}&limit=2&cursor=${first.nextCursor}`)).body;
  expect([...first.items, ...second.items].map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    'carol experiment.delete',
    'loopback experiment.resume',
    'loopback experiment.pause',
  ]);
  expect(second.nextCursor).toBeNull();
});

test.each(['pause', 'resume', 'retry'])('%s needs an experiment', async (operation) => {
  expect((await post(app, `/experiments/${unknown}/${operation}`, {})).status).toBe(404);
  expect((await post(app, `/experiments/none/${operation}`, {})).status).toBe(400);
});

test.each(['retry', 'restart', 'repeat', 'invalidate'])('%s needs a trial', async (operation) => {
  const body = operation === 'invalidate' ? { reason: 'wrong' } : {};
  expect((await post(app, `/trials/${unknown}/${operation}`, body)).status).toBe(404);
  expect((await post(app, `/trials/${unknown}/${operation}`, { other: 1 })).status).toBe(400);
});

test('trials of data sets of different sizes are sorted by their accuracy, not by their counts', async () => {
  const [small, large] = [await submit(), await submit()];
  const best = async (id: string, correct: number, total: number) => {
    const [trial] = await trialsOf(id);
    await trainEpochs(database, workerId, trial.id, 1);
    await database.pool.query(
      'UPDATE trials SET best_correct = $2, best_loss_correct = $2, validation_total = $3 WHERE id = $1',
      [trial.id, correct, total],
    );
    return trial.id;
  };
  const [nine, ninetyNine] = [await best(large, 54_000, 60_000), await best(small, 990, 1000)];
  const sorted = (await get(app, '/trials?sort=accuracy&limit=500')).body.items.map(
    ({ id }: { id: string }) => id,
  );
  expect(sorted.indexOf(ninetyNine)).toBeLessThan(sorted.indexOf(nine));
});
