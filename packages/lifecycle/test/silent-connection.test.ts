import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '@bitkiln/infra';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabase, type Database, extendLease, isTransientError, recordEpochs } from '../src/index.ts';
import { claim, epochRecord, submit, waitingTrials } from './support/experiment.ts';

/** Between the worker and Postgres; once `silent`, it keeps every connection open and passes nothing on. */
let proxy: Server;
let silent = false;
const sockets = new Set<Socket>();
let direct: Database;
let proxied: Database;

beforeAll(async () => {
  const url = new URL(await createTestDatabase());
  direct = await connectDatabase(url.href);
  const port = Number(url.port);
  proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!silent) to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
  });
  const proxyPort = await freePort();
  await new Promise<void>((resolve) => proxy.listen(proxyPort, '127.0.0.1', resolve));
  url.port = String(proxyPort);
  proxied = await connectDatabase(url.href, { poolSize: 3 });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  proxy?.close();
  await proxied?.close();
  await direct?.close();
});

test('a connection that falls silent holds neither a lease extension nor, on the server, a trial', async () => {
  const [id] = await waitingTrials(direct, await submit(direct, { trials: 1 }));
  const { fence } = await claim(direct, id!, { leaseMs: 60_000 });
  const client = await proxied.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM trials WHERE id = $1 FOR NO KEY UPDATE', [id]);
  silent = true;
  const started = performance.now();
  const extended = await extendLease(proxied, fence, 3000).catch((error: unknown) => error);
  expect(isTransientError(extended)).toBe(true);
  expect(performance.now() - started).toBeLessThan(8000);
  // The server gives up the silent transaction, and another connection records the epoch.
  expect(await recordEpochs(direct, fence, [epochRecord(0)])).toMatchObject({ recorded: [{ epoch: 0 }] });
  expect(performance.now() - started).toBeLessThan(15_000);
  silent = false;
  client.release(true);
});
