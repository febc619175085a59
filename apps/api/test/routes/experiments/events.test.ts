import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@bitkiln/infra';
import type { EventSourceMessage } from 'eventsource-parser';
import { afterEach, expect, test } from 'vitest';
import { tiny } from '../../helpers/bodies.ts';
import { type EventStream, openEventStream } from '../../helpers/event-stream.ts';
import { figuresOf, runToWinner, startWorker, trainEpochs } from '../../helpers/synthetic-run.ts';
import { buildTestApp, get, post } from '../../helpers/test-app.ts';

const { app, database } = await buildTestApp({ heartbeatMs: 100 });
const base = await app.listen({ host: '127.0.0.1', port: await freePort() });
const { workerId } = await startWorker(database);

const open: EventStream[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});

async function submit(): Promise<string> {
  return (await post(app, '/experiments', tiny)).body.id;
}

async function follow(id: string, query = '', headers: Record<string, string> = {}): Promise<EventStream> {
  const stream = await openEventStream(`${base}/experiments/${id}/events${query}`, headers);
  open.push(stream);
  return stream;
}

function sequences(messages: readonly EventSourceMessage[]): number[] {
  return messages.map(({ id }) => Number(id));
}

function upTo(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

test('the history comes first, then every event soon after it is committed', async () => {
  const id = await submit();
  const stream = await follow(id);
  expect(stream.status).toBe(200);
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  expect(stream.headers.get('cache-control')).toContain('no-store');
  expect(stream.headers.get('x-request-id')).toBeTruthy();
  await stream.until(2);
  expect(stream.messages.map(({ event }) => event)).toEqual(['experiment.submitted', 'stage.started']);
  const [trial] = (await get(app, `/experiments/${id}/trials`)).body.items;
  await trainEpochs(database, workerId, trial.id, 2);
  const committed = performance.now();
  await stream.until(5);
  // A look every 200 ms; the rest is room for a busy machine.
  expect(performance.now() - committed).toBeLessThan(2000);
  expect(sequences(stream.messages)).toEqual(upTo(5));
  const [, , claimed, epoch] = stream.messages;
  expect(claimed!.event).toBe('trial.claimed');
  expect(epoch!.event).toBe('trial.epoch');
  const { loss, correct } = figuresOf(0, 0);
  expect(JSON.parse(epoch!.data)).toMatchObject({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    trialId: trial.id,
    stage: 'float',
    index: 0,
    epoch: 0,
    validationLoss: loss,
    validationCorrect: correct,
    validationAccuracy: correct / 10_000,
    lowestLoss: true,
  });
});

test('a reader that comes back misses nothing and sees nothing twice', async () => {
  const id = await submit();
  const trials = (await get(app, `/experiments/${id}/trials`)).body.items;
  const first = await follow(id);
  await trainEpochs(database, workerId, trials[0].id, 1);
  await first.until(4);
  first.close();
  await trainEpochs(database, workerId, trials[1].id, 2);
  const second = await follow(id, '', { 'last-event-id': '4' });
  await trainEpochs(database, workerId, trials[2].id, 2);
  await second.until(6);
  expect(sequences(second.messages)).toEqual(upTo(6, 5));
  // The header is newer than the address that a browser repeats.
  const third = await follow(id, '?after=1', { 'last-event-id': '8' });
  await third.until(2);
  expect(sequences(third.messages)).toEqual([9, 10]);
  const fourth = await follow(id, '?after=9');
  await fourth.until(1);
  expect(sequences(fourth.messages)).toEqual([10]);
});

test('readers at different places of one experiment all get their own rest', async () => {
  const id = await submit();
  const trials = (await get(app, `/experiments/${id}/trials`)).body.items;
  await trainEpochs(database, workerId, trials[0].id, 2);
  const streams = await Promise.all([0, 1, 2, 3, 4, 5].map((after) => follow(id, `?after=${after}`)));
  await Promise.all([
    trainEpochs(database, workerId, trials[1].id, 2),
    trainEpochs(database, workerId, trials[2].id, 2),
  ]);
  await Promise.all(streams.map((stream, after) => stream.until(11 - after)));
  for (const [after, stream] of streams.entries()) {
    expect(sequences(stream.messages)).toEqual(upTo(11 - after, after + 1));
  }
});

test('a history longer than one read comes whole and in order', async () => {
  const id = await submit();
  await database.pool.query(
    `with more as (
       insert into events (experiment_id, sequence, type, data)
       select $1, n, 'trial.preempted', '{}' from generate_series(3, 1300) n returning sequence
     )
     update experiments set event_sequence = (select max(sequence) from more) where id = $1`,
    [id],
  );
  const stream = await follow(id);
  await stream.until(1300);
  expect(sequences(stream.messages)).toEqual(upTo(1300));
});

test('the stream ends behind the last event, and there is nothing to come back for', async () => {
  const id = await submit();
  const stream = await follow(id);
  await runToWinner(database, id);
  await stream.ended;
  const last = stream.messages.at(-1)!;
  expect(last.event).toBe('experiment.succeeded');
  expect(JSON.parse(last.data)).toMatchObject({ testCorrect: 9876, testAccuracy: 0.9876 });
  expect(sequences(stream.messages)).toEqual(upTo(stream.messages.length));
  const { lastEventId } = (await get(app, `/experiments/${id}`)).body;
  expect(Number(last.id)).toBe(lastEventId);
  const whole = await follow(id);
  await whole.ended;
  expect(whole.messages).toEqual(stream.messages);
  const again = await follow(id, '', { 'last-event-id': last.id! });
  expect(again.status).toBe(204);
});

test('a cancelled experiment ends its streams', async () => {
  const id = await submit();
  const stream = await follow(id);
  await stream.until(2);
  await post(app, `/experiments/${id}/cancel`, {});
  await stream.ended;
  expect(stream.messages.at(-1)!.event).toBe('experiment.cancelled');
});

test('comments keep an idle stream open', async () => {
  const stream = await follow(await submit());
  await stream.until(2);
  await expect.poll(() => stream.comments.length).toBeGreaterThanOrEqual(2);
  expect(stream.messages).toHaveLength(2);
});

test('a position that there can not be is refused', async () => {
  const id = await submit();
  const expected = 'a whole number from 0 to 2, the newest event';
  for (const value of ['abc', '-1', '3', '1e0', '99999999999999999999']) {
    const reply = await get(app, `/experiments/${id}/events`, { 'last-event-id': value });
    expect(reply.status).toBe(400);
    expect(reply.body.errors).toEqual([{ in: 'header', field: '/last-event-id', value, expected }]);
  }
  const beyond = await get(app, `/experiments/${id}/events?after=3`);
  expect(beyond.body.errors).toEqual([{ in: 'query', field: '/after', value: 3, expected }]);
  expect((await get(app, `/experiments/${id}/events?after=x`)).status).toBe(400);
});

test('a client that asks for something else is told so', async () => {
  const reply = await get(app, `/experiments/${await submit()}/events`, { accept: 'application/json' });
  expect(reply.status).toBe(406);
});

test('a reader that stops reading holds up nobody, and goes without a trace', async () => {
  const id = await submit();
  const [trial] = (await get(app, `/experiments/${id}/trials`)).body.items;
  const stalled = await fetch(`${base}/experiments/${id}/events`);
  const reader = await follow(id);
  await trainEpochs(database, workerId, trial.id, 2);
  await reader.until(5);
  await stalled.body!.cancel();
  await sleep(50);
  expect((await get(app, '/healthz')).status).toBe(200);
});

test('closing the app ends the streams at once', async () => {
  const other = await buildTestApp();
  const url = await other.app.listen({ host: '127.0.0.1', port: await freePort() });
  const { body } = await post(other.app, '/experiments', tiny);
  const streams = await Promise.all(
    Array.from({ length: 20 }, () => openEventStream(`${url}/experiments/${body.id}/events`)),
  );
  await Promise.all(streams.map((stream) => stream.until(2)));
  const asked = performance.now();
  await other.app.close();
  await Promise.all(streams.map(({ ended }) => ended));
  expect(performance.now() - asked).toBeLessThan(3000);
});
