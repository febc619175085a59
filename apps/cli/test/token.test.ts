import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase } from '@bitkiln/lifecycle';
import { verifyToken } from '@bitkiln/lifecycle/tokens';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCliWith } from './run-cli.ts';

let DATABASE_URL: string;
let BITKILN_HOME: string;
let database: Awaited<ReturnType<typeof connectDatabase>>;
beforeAll(async () => {
  BITKILN_HOME = await mkdtemp(join(tmpdir(), 'bitkiln-token-'));
  DATABASE_URL = await createTestDatabase();
  database = await connectDatabase(DATABASE_URL);
});
afterAll(async () => {
  await database?.close();
  await rm(BITKILN_HOME, { recursive: true, force: true });
});

const token = (...args: string[]) => runCliWith({ DATABASE_URL, BITKILN_HOME }, 'token', ...args);

test('up does not open an unguarded service to a network, and tells what to type', async () => {
  const up = await runCliWith({ DATABASE_URL, BITKILN_HOME }, 'up', '--host', '0.0.0.0', '--workers', '1');
  expect(up.code).toBe(1);
  expect(up.stderr).toContain(
    '0.0.0.0 is open to a network, and there is no valid API token yet; make one first: ' +
      'npx bitkiln token create --role admin',
  );
});

test('a token is printed once and alone, listed without its secret, and revoked by id or by itself', async () => {
  const made = await token('create', '--role', 'submit', '--name', 'night run', '--expires', '12h');
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(/^bitkiln_[\w-]{22}_[\w-]{43}\n$/);
  const text = made.stdout.trim();
  expect(made.stderr).toMatch(/has the role submit and expires \d{4}-.*can't be shown again/);
  expect(await verifyToken(database, text)).toMatchObject({ role: 'submit', name: 'night run' });

  const { id, token: other } = JSON.parse((await token('create', '--role', 'admin', '--json')).stdout);
  const listed = await token('list');
  expect(listed.stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/submit {2}valid .* expires \d{4}-.* last used \d{4}-.* night run$/),
    expect.stringMatching(new RegExp(`^${id} {2}admin .* expires never {2}last used never {2}admin$`)),
  ]);
  expect(listed.stdout).not.toContain(text.slice(-43));

  expect((await token('revoke', text)).stdout).toMatch(/ is revoked /);
  expect((await token('revoke', id)).code).toBe(0);
  expect((await token('revoke', id)).stdout).toMatch(/was already revoked/);
  expect([await verifyToken(database, text), await verifyToken(database, other)]).toEqual([null, null]);
  const states = JSON.parse((await token('list', '--json')).stdout).map(
    ({ state }: { state: string }) => state,
  );
  expect(states).toEqual(['revoked', 'revoked']);
});

test.each([
  [['create'], /--role/],
  [['create', '--role', 'root'], /Allowed choices are read, submit, admin/],
  [['create', '--role', 'read', '--expires', 'soon'], /30d/],
  [['create', '--role', 'read', '--expires', '2001-01-01'], /a time to come/],
  [['revoke', 'x'], /a token or the id/],
])('bad usage: token %s', async (args, message) => {
  const result = await token(...args);
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(message);
});

test('an unknown id is a failure', async () => {
  const result = await token('revoke', '0198c0de-0000-7000-8000-000000000000');
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no token 0198c0de') });
});

test('commands send the token of --token, else of BITKILN_TOKEN, and tell of both where it is refused', async () => {
  const seen: (string | undefined)[] = [];
  const service = createServer(({ headers }, response) => {
    seen.push(headers.authorization);
    const problem = { status: 401, detail: 'the token is unknown, expired or revoked, expected a valid one' };
    response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const results = [
    await runCliWith({ BITKILN_TOKEN: '' }, 'watch', '--url', url),
    await runCliWith({ BITKILN_TOKEN: 'from-env' }, 'watch', '--url', url),
    await runCliWith({ BITKILN_TOKEN: 'from-env' }, 'watch', '--url', url, '--token', 'from-option'),
  ];
  service.close();
  expect(seen).toEqual([undefined, 'Bearer from-env', 'Bearer from-option']);
  for (const { code, stderr } of results) {
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: the token is unknown, expired or revoked, expected a valid one (--token or BITKILN_TOKEN names one)\n',
    );
  }
});
