import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort } from '@bitkiln/infra';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { expect, test } from 'vitest';
import { tiny } from './helpers/bodies.ts';
import { openEventStream } from './helpers/event-stream.ts';
import { exitOf, ready, startServer as start } from './helpers/processes.ts';

const databaseUrl = await createTestDatabase();

test('it says when it is ready, serves, logs a line a request, and stops cleanly on SIGTERM', async () => {
  const server = start({ DATABASE_URL: databaseUrl, PORT: String(await freePort()) });
  const url = await ready(server);
  const response = await fetch(`${url}/experiments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'seen-in-the-log' },
    body: JSON.stringify(tiny),
  });
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { id: string };
  const stream = await openEventStream(`${url}/experiments/${id}/events`);
  await stream.until(2);
  const asked = performance.now();
  server.process.kill('SIGTERM');
  expect(await exitOf(server)).toBe(0);
  await stream.ended;
  expect(performance.now() - asked).toBeLessThan(5000);
  const lines = server.output.split('\n').filter((line) => line.includes('POST /experiments 201'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ reqId: 'seen-in-the-log', level: 30 });
  expect(server.output).not.toMatch(/postgres(ql)?:\/\//);
});

test('a body of 10 MB is answered, not cut off', async () => {
  const server = start({ DATABASE_URL: databaseUrl, PORT: String(await freePort()), LOG_LEVEL: 'warn' });
  const url = await ready(server);
  const text = JSON.stringify({ ...tiny, name: 'x'.repeat(10_000_000) });
  for (let i = 0; i < 6; i++) {
    // As one body with its length, and in chunks without.
    const body = i % 2 === 0 ? text : new Blob([text]).stream();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/experiments`, { method: 'POST', headers, body, duplex: 'half' });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ limitBytes: 262_144 });
  }
  server.process.kill('SIGINT');
  expect(await exitOf(server)).toBe(0);
});

test('bytes that are no request are answered like any error', async () => {
  const port = await freePort();
  const server = start({ DATABASE_URL: databaseUrl, PORT: String(port) });
  await ready(server);
  for (const [bytes, status] of [
    ['NOT HTTP AT ALL\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write(bytes);
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toMatchObject({ status });
  }
});

test('a port in use is named', async () => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const server = start({ DATABASE_URL: databaseUrl, PORT: String(port) });
  expect(await exitOf(server)).toBe(1);
  expect(server.output).toContain(
    `bitkiln API can't start: port ${port} of 127.0.0.1 is in use; set PORT to another`,
  );
  other.close();
});

test.each([
  ['no database URL', {}, 'DATABASE_URL is missing'],
  ['a port that is none', { DATABASE_URL: databaseUrl, PORT: '99999' }, 'PORT is not a port'],
  [
    'a database that is not there',
    { DATABASE_URL: 'postgres://someone:secret@127.0.0.1:9/nothing' },
    /127\.0\.0\.1:9\/nothing.*ECONNREFUSED/,
  ],
])('%s ends it with a line that says so', async (_, env, message) => {
  const server = start(env);
  expect(await exitOf(server)).toBe(1);
  const errors = server.output.trim().split('\n');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/^bitkiln API can't start: /);
  expect(errors[0]).toMatch(message);
  expect(errors[0]).not.toContain('secret');
});

test('a connection on which nothing is asked does not hold up the end', async () => {
  const server = start({ DATABASE_URL: databaseUrl, PORT: String(await freePort()) });
  const { hostname, port } = new URL(await ready(server));
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  server.process.kill('SIGTERM');
  // The grace period would end it with 1.
  expect(await exitOf(server)).toBe(0);
  socket.destroy();
});
