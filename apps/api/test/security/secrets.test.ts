import { freePort } from '@bitkiln/infra';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, createToken, hideSecrets } from '@bitkiln/lifecycle';
import { afterAll, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { startCuttableProxy } from '../helpers/cuttable-proxy.ts';
import { exitOf, ready, startProcess, startServer } from '../helpers/processes.ts';
import { buildTestApp, get } from '../helpers/test-app.ts';
import { wrongToken } from '../helpers/tokens.ts';

const directUrl = await createTestDatabase();
const proxy = await startCuttableProxy(directUrl);
const database = await connectDatabase(directUrl);
afterAll(async () => {
  proxy.close();
  await database.close();
});
const withPassword = new URL(proxy.url);
const password = decodeURIComponent(withPassword.password);
if (password.length < 16) throw new Error('the test needs a password that is nothing else');
const env = { DATABASE_URL: withPassword.href, LOG_LEVEL: 'trace' };

test('a server with tokens alone, and open to a network only with one', async () => {
  const port = String(await freePort());
  const refused = startServer({ ...env, HOST: '0.0.0.0', PORT: port });
  expect(await exitOf(refused)).toBe(1);
  expect(refused.output.trim().split('\n').at(-1)).toBe(
    "bitkiln API can't start: 0.0.0.0 is open to a network, and there is no valid API token yet; make one first: " +
      'npx bitkiln token create --role admin',
  );

  const { token } = await createToken(database, { role: 'read', name: 'x', expires: null });
  const server = startServer({ ...env, HOST: '0.0.0.0', PORT: port });
  await ready(server);
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/experiments`)).status).toBe(401);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${url}/experiments`, { headers })).status).toBe(200);
  server.process.kill('SIGTERM');
  expect(await exitOf(server)).toBe(0);
});

test('on loopback REQUIRE_TOKEN=yes asks everybody for a token', async () => {
  const server = startServer({ ...env, REQUIRE_TOKEN: 'yes', PORT: String(await freePort()) });
  const url = await ready(server);
  expect((await fetch(`${url}/experiments`)).status).toBe(401);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('logs of a service and a worker, errors among them, hold no secret', async () => {
  const { token } = await createToken(database, { role: 'admin', name: 'x', expires: null });
  const server = startServer({ ...env, REQUIRE_TOKEN: 'yes', PORT: String(await freePort()) });
  const url = await ready(server);
  const worker = startProcess('apps/worker/src/main.ts', {
    ...env,
    BITKILN_API_URL: url,
    BITKILN_API_TOKEN: token,
  });
  await expect.poll(() => worker.output, { timeout: 60_000 }).toContain('"msg"');

  const json = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${url}/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ token }),
  });
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
  const session = cookie.split('=')[1]!;
  const ask = async () => {
    const authorization = `Bearer ${token}`;
    await fetch(`${url}/experiments`, { headers: { authorization } });
    await fetch(`${url}/experiments`, { headers: { cookie } });
    await fetch(`${url}/experiments?token=${token}`, { headers: { authorization } });
    await fetch(`${url}/${token}`, { headers: { authorization } });
    await fetch(`${url}/experiments`, { headers: { authorization: `Bearer ${wrongToken}` } });
    await fetch(`${url}/experiments`, { headers: { authorization: 'Basic b3BlbjpzZXNhbWU=' } });
    const body = `{"token": ${JSON.stringify(token)}, "x": ${JSON.stringify(withPassword.href)}`;
    await fetch(`${url}/session`, { method: 'POST', headers: json, body });
    await fetch(`${url}/session`, { method: 'POST', headers: json, body: `${body}}` });
  };
  await ask();
  proxy.cut();
  await ask();
  await expect.poll(() => worker.output, { timeout: 30_000 }).toMatch(/"level":[456]0/);
  proxy.restore();
  await expect
    .poll(async () => (await fetch(`${url}/experiments`, { headers: { cookie } })).status, {
      timeout: 30_000,
    })
    .toBe(200);
  for (const { process } of [worker, server]) process.kill('SIGTERM');
  expect(await exitOf(server)).toBe(0);
  await exitOf(worker);

  // They did log: requests by their address, and the errors of the outage.
  expect(server.output).toContain('/experiments?token=bitkiln_[hidden] 400');
  expect(server.output).toContain('"level":50');
  for (const secret of [
    password,
    token,
    token.slice(-43),
    session,
    wrongToken,
    'b3BlbjpzZXNhbWU=',
    'Bearer ',
    'bitkiln-session-',
    'set-cookie',
  ]) {
    expect([secret, server.output.includes(secret)]).toEqual([secret, false]);
    expect([secret, worker.output.includes(secret)]).toEqual([secret, false]);
  }
});

test('a line is rid of tokens and of the credentials of URLs, and of nothing else', () => {
  const line = `{"msg":"GET /x?t=${wrongToken}&u=1 at https://docs.example/a@b","a":"redis://:pw@h:1/0","b":"postgresql://me:p%40w@[::1]:5432/db"}`;
  expect(hideSecrets(line)).toBe(
    '{"msg":"GET /x?t=bitkiln_[hidden]&u=1 at https://docs.example/a@b","a":"redis://[hidden]@h:1/0",' +
      '"b":"postgresql://[hidden]@[::1]:5432/db"}',
  );
});

test('an unexpected error is told by its request alone', async () => {
  const { queue, database: own } = await buildTestApp();
  const app = await buildApp({ database: own, queue });
  app.get('/fails', { config: { role: 'read' } }, async () => {
    throw Object.assign(new Error(`no route to ${withPassword.href}`), { secret: password });
  });
  await app.ready();
  const reply = await get(app, '/fails');
  expect(reply.body).toEqual({
    type: 'urn:problem-type:bitkiln:internal-error',
    title: 'The service failed',
    status: 500,
    detail: `an unexpected error; the service's log has it under request ${reply.headers['x-request-id']}`,
    requestId: reply.headers['x-request-id'],
  });
  expect(reply.text).not.toContain(password);
  await app.close();
});
