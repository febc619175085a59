import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  createToken,
  hasValidToken,
  isLoopback,
  listTokens,
  mayActAs,
  NoTokenError,
  NotFoundError,
  readToken,
  refuseOpenNetwork,
  revokeToken,
  tokenRoles,
  verifyToken,
} from '../../src/index.ts';
import { useDatabase } from '../support/database.ts';
import { unknownId } from '../support/experiment.ts';

const database = useDatabase();
const admin = { role: 'admin', name: 'laptop', expires: null } as const;

test('no service opens to a network until somebody holds a valid token', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '', '1.127.0.0.1', '::ffff:10.0.0.1']) {
    await expect(refuseOpenNetwork(database(), host)).rejects.toThrow(NoTokenError);
  }
  await expect(refuseOpenNetwork(database(), '0.0.0.0')).rejects.toThrow(
    '0.0.0.0 is open to a network, and there is no valid API token yet; make one first: ' +
      'npx bitkiln token create --role admin',
  );
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost', '::ffff:127.0.0.1']) {
    expect([host, isLoopback(host)]).toEqual([host, true]);
    await refuseOpenNetwork(database(), host);
  }
  const { id } = await createToken(database(), admin);
  await refuseOpenNetwork(database(), '0.0.0.0');
  await revokeToken(database(), id);
  await expect(refuseOpenNetwork(database(), '0.0.0.0')).rejects.toThrow(NoTokenError);
});

test('a token is recognized, and the database holds nothing that would pass for it', async () => {
  const { id, token, expiresAt } = await createToken(database(), admin);
  expect(token).toMatch(/^bitkiln_[\w-]{22}_[\w-]{43}$/);
  expect(expiresAt).toBeNull();
  expect(await verifyToken(database(), token)).toEqual({
    id,
    name: 'laptop',
    role: 'admin',
    expiresAt: null,
  });
  const { rows } = await database().pool.query<{ text: string; secret_hash: Buffer }>(
    'SELECT tokens::text AS text, secret_hash FROM tokens WHERE id = $1',
    [id],
  );
  const { secret } = readToken(token)!;
  expect(rows[0]!.text).not.toContain(secret);
  expect(rows[0]!.text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
  expect(rows[0]!.secret_hash).toEqual(createHash('sha256').update(secret).digest());
});

test('nothing but the whole token is valid', async () => {
  const { token } = await createToken(database(), admin);
  const { token: other } = await createToken(database(), admin);
  const flipped = token.slice(0, -2) + (token.at(-2) === 'A' ? 'B' : 'A') + token.at(-1);
  const spare = { A: 'B', Q: 'R', g: 'h', w: 'x' }[token[29]!];
  const respelled = token.slice(0, 29) + spare + token.slice(30);
  expect(readToken(respelled)).toBeNull();
  const mixed = token.slice(0, 31) + other.slice(31);
  for (const text of [
    '',
    'bitkiln_',
    flipped,
    mixed,
    `${token}x`,
    ` ${token}`,
    token.toUpperCase(),
    `${token}\n`,
  ]) {
    expect([text, await verifyToken(database(), text)]).toEqual([text, null]);
  }
});

test('an expired or a revoked token is no longer valid, and stays on the list', async () => {
  const past = await createToken(database(), { ...admin, name: 'past', expires: { at: new Date(1000) } });
  const soon = await createToken(database(), { ...admin, name: 'soon', expires: { inSeconds: 3600 } });
  const ended = await createToken(database(), { ...admin, name: 'ended' });
  expect(soon.expiresAt!.getTime() - Date.now()).toBeGreaterThan(3_500_000);
  expect(await verifyToken(database(), ended.token)).not.toBeNull();
  const first = await revokeToken(database(), ended.id);
  expect(first.revoked).toBe(true);
  expect(await revokeToken(database(), ended.id)).toEqual({ revoked: false, revokedAt: first.revokedAt });
  expect(await verifyToken(database(), past.token)).toBeNull();
  expect(await verifyToken(database(), ended.token)).toBeNull();
  expect(await verifyToken(database(), soon.token)).not.toBeNull();
  const states = (await listTokens(database())).map(({ name, state }) => `${name} ${state}`);
  expect(states).toEqual(expect.arrayContaining(['past expired', 'soon valid', 'ended revoked']));
  await expect(revokeToken(database(), unknownId())).rejects.toThrow(NotFoundError);
});

test('its last use is noted, but not at every request', async () => {
  const { id, token } = await createToken(database(), admin);
  const lastUse = async () => (await listTokens(database())).find((one) => one.id === id)!.lastUsedAt;
  expect(await lastUse()).toBeNull();
  await verifyToken(database(), token);
  const first = await lastUse();
  expect(Math.abs(first!.getTime() - Date.now())).toBeLessThan(60_000);
  await verifyToken(database(), token);
  expect(await lastUse()).toEqual(first);
  await database().pool.query(
    `UPDATE tokens SET last_used_at = last_used_at - interval '2 minutes' WHERE id = $1`,
    [id],
  );
  await verifyToken(database(), token);
  expect((await lastUse())!.getTime()).toBeGreaterThanOrEqual(first!.getTime());
  expect(await hasValidToken(database())).toBe(true);
});

test('a role may what those before it may', () => {
  expect(tokenRoles.map((held) => tokenRoles.filter((needed) => mayActAs(held, needed)))).toEqual([
    ['read'],
    ['read', 'submit'],
    ['read', 'submit', 'admin'],
  ]);
});
