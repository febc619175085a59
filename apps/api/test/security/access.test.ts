import { createToken, listTokens, revokeToken } from '@bitkiln/lifecycle';
import { describe, expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { buildTestApp, countRows, get, post, type Reply, send } from '../helpers/test-app.ts';
import { bearer, tokensOf, wrongToken } from '../helpers/tokens.ts';

const guarded = await buildTestApp({ requireToken: true });
const open = await buildTestApp();
const tokens = await tokensOf(guarded.database);

function cookieOf(reply: Reply): string {
  return String(reply.headers['set-cookie']).split(';')[0]!;
}

function signIn(token: string, headers: Record<string, string> = {}) {
  return post(guarded.app, '/session', { token }, headers);
}

describe('roles', () => {
  test('read reads, submit submits and cancels', async () => {
    expect((await get(guarded.app, '/experiments', bearer(tokens.read))).status).toBe(200);
    expect((await post(guarded.app, '/experiments', tiny, bearer(tokens.read))).body).toMatchObject({
      status: 403,
      detail: "the token's role is read, expected submit or higher",
      requiredRole: 'submit',
    });
    const created = await post(guarded.app, '/experiments', tiny, bearer(tokens.submit));
    expect(created.status).toBe(201);
    const cancel = `/experiments/${created.body.id}/cancel`;
    expect((await post(guarded.app, cancel, {}, bearer(tokens.read))).status).toBe(403);
    const kept = await get(guarded.app, `/experiments/${created.body.id}`, bearer(tokens.read));
    expect(kept.body.state).not.toBe('cancelled');
    expect((await post(guarded.app, cancel, {}, bearer(tokens.submit))).body.state).toBe('cancelled');
  });

  test('a token ends when it is revoked or expires, and its use is noted', async () => {
    const { id, token } = await createToken(guarded.database, { role: 'read', name: 'x', expires: null });
    expect((await get(guarded.app, '/workers', bearer(token))).status).toBe(200);
    expect((await listTokens(guarded.database)).find((one) => one.id === id)!.lastUsedAt).not.toBeNull();
    await revokeToken(guarded.database, id);
    expect((await get(guarded.app, '/workers', bearer(token))).status).toBe(401);
    const past = { at: new Date(0) };
    const expired = await createToken(guarded.database, { role: 'admin', name: 'x', expires: past });
    expect((await get(guarded.app, '/workers', bearer(expired.token))).status).toBe(401);
  });

  test.each([
    ['Basic', `Basic ${Buffer.from('admin:admin').toString('base64')}`],
    ['no scheme', tokens.admin],
    ['two tokens', `Bearer ${tokens.admin} ${tokens.admin}`],
    ['an empty one', 'Bearer '],
    ['a quoted one', `Bearer "${tokens.admin}"`],
    ['SQL', "Bearer ' or 1=1 --"],
    ['64 KB would be too long a header; 8 KB', `Bearer ${'x'.repeat(8000)}`],
  ])('%s opens nothing', async (_, authorization) => {
    expect((await get(guarded.app, '/experiments', { authorization })).status).toBe(401);
  });

  test('a token is no part of an address', async () => {
    for (const name of ['token', 'access_token', 'api_key']) {
      expect((await get(guarded.app, `/experiments?${name}=${tokens.admin}`)).status).toBe(401);
    }
  });
});

describe('a service on loopback that asks for no token', () => {
  test('lets its host do everything, but takes no wrong token', async () => {
    expect((await get(open.app, '/session')).body).toEqual({
      tokenRequired: false,
      role: 'admin',
      name: 'loopback',
      expiresAt: null,
    });
    expect((await get(open.app, '/experiments')).status).toBe(200);
    expect((await get(open.app, '/experiments', bearer(wrongToken))).status).toBe(401);
    const { token } = await createToken(open.database, { role: 'read', name: 'x', expires: null });
    expect((await post(open.app, '/experiments', tiny, bearer(token))).status).toBe(403);
  });

  test.each([
    'localhost',
    'localhost:3000',
    '127.0.0.1:3000',
    '127.8.8.8',
    '[::1]:3000',
    'bitkiln.localhost',
  ])('answers to the name %s', async (host) => {
    expect((await get(open.app, '/healthz', { host })).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example#localhost',
    '192.168.1.5:3000',
    '[::2]',
    '0.0.0.0:3000',
    'localhost:x',
  ])('does not answer to %j: a site whose name resolves to loopback reads nothing', async (host) => {
    const rows = await countRows(open);
    for (const reply of [
      await get(open.app, '/experiments', { host }),
      await get(open.app, '/', { host }),
      await get(open.app, '/nowhere', { host }),
      await post(open.app, '/experiments', tiny, { host }),
    ]) {
      expect(reply).toMatchObject({
        status: 403,
        body: { type: 'urn:problem-type:bitkiln:host-not-allowed' },
      });
    }
    expect(await countRows(open)).toBe(rows);
  });

  test('where every caller needs a token, any name will do', async () => {
    const headers = { host: 'bitkiln.example', ...bearer(tokens.read) };
    expect((await get(guarded.app, '/experiments', headers)).status).toBe(200);
  });
});

describe("a page's session", () => {
  test('is a cookie that scripts can not read and other sites do not send', async () => {
    const reply = await signIn(tokens.read);
    expect(reply).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { tokenRequired: true, role: 'read', name: 'the read token', expiresAt: null },
    });
    expect(reply.headers['set-cookie']).toMatch(
      /^bitkiln-session-80=bitkiln_\S+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(reply);
    expect((await get(guarded.app, '/experiments', { cookie: `a=b; ${cookie}; c=d` })).status).toBe(200);
    expect((await get(guarded.app, '/session', { cookie })).body).toEqual(reply.body);
    expect((await post(guarded.app, '/experiments', tiny, { cookie })).body.requiredRole).toBe('submit');
    // Of a service on another port of this host it is none.
    expect((await get(guarded.app, '/experiments', { cookie, host: 'localhost:3001' })).status).toBe(401);
  });

  test('is marked secure where a proxy adds TLS, and does not outlive its token', async () => {
    const secure = await signIn(tokens.read, { origin: 'https://bitkiln.example', host: 'bitkiln.example' });
    expect(secure.headers['set-cookie']).toMatch(/; Secure$/);
    const hour = { inSeconds: 3600 };
    const short = await createToken(guarded.database, { role: 'submit', name: 'x', expires: hour });
    const reply = await signIn(short.token);
    expect(reply.body.expiresAt).toBe(short.expiresAt!.toISOString());
    const age = Number(/Max-Age=(\d+)/.exec(String(reply.headers['set-cookie']))![1]);
    expect(age).toBeGreaterThan(3500);
    expect(age).toBeLessThanOrEqual(3600);
    await revokeToken(guarded.database, short.id);
    const after = await get(guarded.app, '/experiments', { cookie: cookieOf(reply) });
    expect(after.status).toBe(401);
    expect(after.headers['set-cookie']).toContain('Max-Age=0');
    expect((await get(guarded.app, '/session', { cookie: cookieOf(reply) })).body.role).toBeNull();
  });

  test('ends on request', async () => {
    const reply = await send(guarded.app, { method: 'DELETE', url: '/session' });
    expect(reply.status).toBe(204);
    expect(reply.headers['set-cookie']).toMatch(/^bitkiln-session-80=; Max-Age=0; /);
  });

  test('is not for a wrong token, nor for nobody', async () => {
    for (const token of [wrongToken, 'open sesame', tokens.admin.slice(0, -1)]) {
      const reply = await signIn(token);
      expect(reply.status).toBe(401);
      expect(reply.headers).not.toHaveProperty('set-cookie');
      expect(reply.text).not.toContain(token);
    }
    const nobody = await get(guarded.app, '/session');
    expect(nobody.body).toEqual({ tokenRequired: true, role: null, name: null, expiresAt: null });
    expect(nobody.headers).not.toHaveProperty('www-authenticate');
    expect((await post(guarded.app, '/session', { token: 1 })).status).toBe(400);
  });

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://localhost:5000' }],
    [{ origin: 'http://evil.example' }],
    [{ origin: 'http://localhost:5000' }],
    [{ origin: 'null' }],
  ])('lets no other page change anything with it: %o', async (headers) => {
    const cookie = cookieOf(await signIn(tokens.admin));
    const given = { cookie, host: 'localhost:80', ...headers } as Record<string, string>;
    const rows = await countRows(guarded);
    const reply = await post(guarded.app, '/experiments', tiny, given);
    expect(reply.body.type).toBe('urn:problem-type:bitkiln:cross-site-request');
    expect(await countRows(guarded)).toBe(rows);
  });

  test('serves the page itself', async () => {
    const cookie = cookieOf(await signIn(tokens.submit));
    const own = { cookie, host: 'localhost:80', origin: 'http://localhost:80' };
    expect((await post(guarded.app, '/experiments', tiny, own)).status).toBe(201);
    const usual = { cookie, host: 'localhost:80', origin: 'http://localhost' };
    expect((await post(guarded.app, '/experiments', tiny, usual)).status).toBe(201);
    const told = { cookie, 'sec-fetch-site': 'same-origin' };
    expect((await post(guarded.app, '/experiments', tiny, told)).status).toBe(201);
  });
});
