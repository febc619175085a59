import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mayActAs, tokenRoles } from '@bitkiln/lifecycle';
import { afterAll, describe, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { buildTestApp, countRows, send } from '../helpers/test-app.ts';
import { bearer, tokensOf, wrongToken } from '../helpers/tokens.ts';

const folder = await mkdtemp(join(tmpdir(), 'bitkiln-test-roles-'));
await mkdir(join(folder, 'assets'));
for (const file of ['index.html', 'theme.js', 'assets/app.js']) await writeFile(join(folder, file), '');
afterAll(() => rm(folder, { recursive: true, force: true }));
const testApp = await buildTestApp({ requireToken: true, dashboardFolder: folder, requestsPerMinute: 0 });
const { app, database, queue } = testApp;
const tokens = await tokensOf(database);
const routes = app.access.routes();
const absent = '0198c0de-0000-7000-8000-000000000000';

/** An address of the route at which there is nothing to change. */
function addressOf(url: string): string {
  return url.replaceAll(/:\w+/g, absent).replace('*', 'x');
}

test('every route states whom it answers', () => {
  expect(routes.length).toBeGreaterThan(60);
  expect(routes.filter(({ role }) => role === null)).toEqual([]);
});

test('what anybody may reach is the page, its sign-in and the probes', () => {
  const reachable = new Set(
    routes.filter(({ method, url, role }) => role === 'public' && answers(method, url)).map(({ url }) => url),
  );
  expect([...reachable].toSorted()).toEqual([
    '/',
    '/assets/*',
    '/favicon.svg',
    '/healthz',
    '/readyz',
    '/session',
    '/theme.js',
    '/ui/*',
  ]);
});

/** Whether the address has the method, rather than a refusal of it. */
function answers(method: string, url: string): boolean {
  const path = app.swagger().paths?.[url.replaceAll(/:(\w+)/g, '{$1}')] as object | undefined;
  if (path === undefined) return method === 'GET' && !url.startsWith('/docs');
  return method.toLowerCase() in path;
}

test('whatever reads may be read by all, and whatever changes needs at least submit', () => {
  for (const [url, methods] of Object.entries(app.swagger().paths ?? {})) {
    for (const method of Object.keys(methods)) {
      const { role } = routes.find(
        (route) => route.url === url.replaceAll(/\{(\w+)\}/g, ':$1') && route.method === method.toUpperCase(),
      )!;
      if (role === 'public') continue;
      const changes = method !== 'get' && url !== '/experiments/check';
      expect([method, url, role]).toEqual([
        method,
        url,
        changes ? expect.stringMatching(/submit|admin/) : 'read',
      ]);
    }
  }
});

describe('each route, asked without a token, with a wrong one, and with each role’s', () => {
  const guarded = routes.filter(({ role, method }) => role !== 'public' && method !== 'HEAD');
  test.each(guarded.map(({ method, url, role }) => [method, url, role!] as const))(
    '%s %s',
    async (method, url, needed) => {
      const ask = (headers: Record<string, string>) =>
        send(app, { method: method as 'GET', url: addressOf(url), headers: { accept: 'x/y', ...headers } });
      const rows = await countRows(testApp);
      const without = await ask({});
      expect(without).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="bitkiln"', 'cache-control': 'no-store' },
        body: { type: 'urn:problem-type:bitkiln:unauthorized' },
      });
      const wrong = await ask(bearer(wrongToken));
      expect(wrong).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="bitkiln", error="invalid_token"' },
      });
      for (const held of tokenRoles) {
        // `/live` alone answers a request of this kind by a stream without end.
        if (url === '/live' && mayActAs(held, 'read')) continue;
        const reply = await ask(bearer(tokens[held]));
        if (needed !== 'public' && mayActAs(held, needed)) {
          expect([401, 403]).not.toContain(reply.status);
        } else {
          expect(reply).toMatchObject({
            status: 403,
            body: {
              type: 'urn:problem-type:bitkiln:forbidden',
              role: held,
              requiredRole: needed,
              detail: expect.stringContaining(`the token's role is ${held}, expected ${needed}`),
            },
          });
        }
      }
      expect(await countRows(testApp)).toBe(rows);
    },
  );
});

test('a route that states no role is for admins alone, and an unknown address is none of a stranger’s business', async () => {
  const other = await buildApp({ database, queue, requireToken: true });
  other.get('/undeclared', async () => ({ secret: 42 }));
  await other.ready();
  expect(other.access.routes()).toContainEqual({ method: 'GET', url: '/undeclared', role: null });
  const ask = (headers: Record<string, string>) =>
    send(other, { method: 'GET', url: '/undeclared', headers });
  expect((await ask({})).status).toBe(401);
  expect((await ask(bearer(tokens.read))).status).toBe(403);
  expect((await ask(bearer(tokens.submit))).body).toMatchObject({ requiredRole: 'admin' });
  expect((await ask(bearer(tokens.admin))).body).toEqual({ secret: 42 });
  expect((await send(other, { method: 'GET', url: '/nowhere' })).status).toBe(401);
  expect((await send(other, { method: 'GET', url: '/nowhere', headers: bearer(tokens.read) })).status).toBe(
    404,
  );
  await other.close();
});

test('the document tells the role of each operation', () => {
  const { paths } = app.swagger() as unknown as {
    paths: Record<string, Record<string, Record<string, unknown>>>;
  };
  expect(paths['/experiments']!.post!.security).toEqual([{ token: ['submit'] }]);
  expect(paths['/experiments']!.get!.security).toEqual([{ token: ['read'] }]);
  expect(Object.keys(paths['/workers']!.get!.responses as object)).toEqual(
    expect.arrayContaining(['401', '403', '429']),
  );
  expect(paths['/healthz']!.get).not.toHaveProperty('security');
});
