import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@bitkiln/infra';
import { expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { openEventStream } from '../helpers/event-stream.ts';
import { buildTestApp, post } from '../helpers/test-app.ts';

const { app } = await buildTestApp({ headersTimeoutMs: 1000, requestTimeoutMs: 3000 });
const port = await freePort();
const base = await app.listen({ host: '127.0.0.1', port });

interface Ending {
  readonly reply: string;
  readonly afterMs: number;
}

/** Opens a connection that sends what the generator gives, a piece every 200 ms, until the service ends it. */
async function drip(pieces: Iterable<string>): Promise<Ending> {
  const socket: Socket = connect(port, '127.0.0.1').setEncoding('utf8');
  const started = performance.now();
  let reply = '';
  let over = false;
  socket.on('data', (text) => {
    reply += text;
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => {
    over = true;
  });
  for (const piece of pieces) {
    if (over) break;
    socket.write(piece);
    await sleep(200);
  }
  await closed;
  return { reply, afterMs: performance.now() - started };
}

function* headersWithoutEnd() {
  yield 'GET /experiments HTTP/1.1\r\nHost: localhost\r\n';
  for (let i = 0; ; i++) yield `X-Header-${i}: x\r\n`;
}

function* bodyWithoutEnd() {
  yield 'POST /experiments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{';
  for (;;) yield ' ';
}

// The service looks for slow connections once a second.
test.each([
  ['nothing at all', [] as Iterable<string>, 1000],
  ['headers, one every 200 ms', headersWithoutEnd(), 1000],
  ['a body, a byte every 200 ms', bodyWithoutEnd(), 3000],
])('a client that sends %s is cut off', async (_, pieces, limitMs) => {
  const { reply, afterMs } = await drip(pieces);
  expect(afterMs).toBeGreaterThan(limitMs - 100);
  expect(afterMs).toBeLessThan(limitMs + 5000);
  expect(reply).toMatch(/^(HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"status":408|$)/);
});

test('an event stream lasts longer than any request may take to arrive', async () => {
  const { body } = await post(app, '/experiments', tiny);
  const stream = await openEventStream(`${base}/experiments/${body.id}/events`);
  await stream.until(1);
  const before = stream.messages.length;
  await sleep(5000);
  await post(app, `/experiments/${body.id}/cancel`, {});
  await stream.ended;
  expect(stream.messages.length).toBeGreaterThan(before);
});

test.each([
  ['no host', 'GET /experiments HTTP/1.0\r\n\r\n', 403],
  ['an empty host', 'GET /experiments HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 403],
  [
    'two lengths',
    'POST /experiments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
    400,
  ],
  [
    'a length and chunks',
    'POST /experiments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['a header with a bare line feed', 'GET /experiments HTTP/1.1\r\nHost: localhost\r\nX: a\nY\r\n\r\n', 400],
  ['400 headers', `GET / HTTP/1.1\r\nHost: localhost\r\n${`a: ${'b'.repeat(60)}\r\n`.repeat(400)}\r\n`, 431],
])('a request with %s is refused', async (_, bytes, status) => {
  const { reply } = await drip([bytes]);
  expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(reply).toContain('application/problem+json');
});
