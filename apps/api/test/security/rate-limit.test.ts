import { createToken } from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { buildTestApp, get, post } from '../helpers/test-app.ts';
import { bearer, tokensOf, wrongToken } from '../helpers/tokens.ts';

const { app, database } = await buildTestApp({ requireToken: true, requestsPerMinute: 20 });
const tokens = await tokensOf(database);

async function statuses(count: number, ask: () => Promise<{ status: number }>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await ask()).status);
  return found;
}

test('a token has so many requests a minute, and another has its own', async () => {
  const ask = () => get(app, '/workers', bearer(tokens.read));
  expect(await statuses(20, ask)).toEqual(Array(20).fill(200));
  const reply = await ask();
  expect(reply).toMatchObject({
    status: 429,
    body: {
      type: 'urn:problem-type:bitkiln:too-many-requests',
      limit: 20,
      detail: 'there were more than 20 requests in a minute; try again after Retry-After seconds',
    },
  });
  const wait = Number(reply.headers['retry-after']);
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(60);
  expect((await get(app, '/workers', bearer(tokens.admin))).status).toBe(200);
});

test('an address without a token has its own too, whatever it asks for', async () => {
  const urls = ['/healthz', '/workers', '/nowhere', '/experiments'];
  let i = 0;
  const found = await statuses(25, () => get(app, urls[i++ % urls.length]!));
  expect(found.slice(0, 20)).not.toContain(429);
  expect(found.slice(20)).toEqual(Array(5).fill(429));
  const elsewhere = await app.inject({ url: '/healthz', remoteAddress: '10.1.2.3' });
  expect(elsewhere.statusCode).toBe(200);
  // A network of 64 bits is one customer's.
  const statusOf = async (remoteAddress: string) =>
    (await app.inject({ url: '/healthz', remoteAddress })).statusCode;
  for (let last = 0; last < 20; last++) expect(await statusOf(`2001:db8::${last}`)).toBe(200);
  expect(await statusOf('2001:db8::ffff')).toBe(429);
});

test('whoever tries tokens out is held back before they are looked up', async () => {
  const guessing = await buildTestApp({ requireToken: true });
  const { token } = await createToken(guessing.database, { role: 'read', name: 'x', expires: null });
  const guess = () => get(guessing.app, '/workers', bearer(wrongToken));
  const bySession = () => post(guessing.app, '/session', { token: wrongToken });
  expect(await statuses(31, guess)).toEqual(Array(31).fill(401));
  expect(await statuses(30, bySession)).toEqual(Array(30).fill(401));
  expect((await guess()).body).toMatchObject({ status: 429, limit: 60 });
  expect((await bySession()).status).toBe(429);
  // Not even the right one, which could else be told from the wrong ones.
  expect((await get(guessing.app, '/workers', bearer(token))).status).toBe(429);
  const other = { url: '/workers', headers: bearer(token), remoteAddress: '10.9.9.9' };
  expect((await guessing.app.inject(other)).statusCode).toBe(200);
});

test('0 is no limit', async () => {
  const unlimited = await buildTestApp({ requestsPerMinute: 0 });
  expect(new Set(await statuses(300, () => get(unlimited.app, '/healthz')))).toEqual(new Set([200]));
});
