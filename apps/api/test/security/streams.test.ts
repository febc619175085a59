import { freePort } from '@bitkiln/infra';
import { createToken, revokeToken } from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { type EventStream, openEventStream } from '../helpers/event-stream.ts';
import { buildTestApp, post } from '../helpers/test-app.ts';

const { app, database } = await buildTestApp({
  requireToken: true,
  streamCheckMs: 50,
  requestsPerMinute: 20,
  heartbeatMs: 20,
});
const base = await app.listen({ host: '127.0.0.1', port: await freePort() });
const read = { role: 'read', name: 'a reader', expires: null } as const;

test('an event stream opens with a cookie, and ends when its token is revoked', async () => {
  const { id, token } = await createToken(database, read);
  const other = await createToken(database, read);
  const kept = await openEventStream(`${base}/live`, { authorization: `Bearer ${other.token}` });
  const host = new URL(base).host;
  const signedIn = await post(app, '/session', { token }, { host });
  const cookie = String(signedIn.headers['set-cookie']).split(';')[0]!;
  const stream = await openEventStream(`${base}/live`, { cookie });
  expect(stream.status).toBe(200);
  await stream.until(1);
  // It outlives many looks at its token.
  await expect.poll(() => stream.comments.length, { timeout: 20_000 }).toBeGreaterThan(20);
  await revokeToken(database, id);
  await expect(stream.ended).rejects.toThrow();
  const comments = kept.comments.length;
  await expect.poll(() => kept.comments.length, { timeout: 20_000 }).toBeGreaterThan(comments + 5);
  kept.close();
});

test('a stream counts as one request, however long it lasts', async () => {
  const { token } = await createToken(database, read);
  const headers = { authorization: `Bearer ${token}` };
  const streams: EventStream[] = [];
  for (let i = 0; i < 19; i++) streams.push(await openEventStream(`${base}/live`, headers));
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  await expect.poll(() => streams[0]!.comments.length, { timeout: 20_000 }).toBeGreaterThan(20);
  expect((await fetch(`${base}/workers`, { headers })).status).toBe(200);
  expect((await fetch(`${base}/workers`, { headers })).status).toBe(429);
  for (const stream of streams) stream.close();
});
