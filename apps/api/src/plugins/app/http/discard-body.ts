import type { IncomingMessage } from 'node:http';

const mostBytes = 64 * 1024 * 1024;
const longestMs = 10_000;

/**
 * Reads the rest of a refused body and throws it away. A client that is still sending when its connection closes
 * sees a broken pipe instead of the reply. Gives up on bodies of more than 64 MiB, and after 10 s.
 */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return Promise.resolve();
  return new Promise((resolve) => {
    let read = 0;
    const onData = (chunk: Buffer) => {
      read += chunk.length;
      if (read > mostBytes) done();
    };
    const timer = setTimeout(done, longestMs);
    function done() {
      clearTimeout(timer);
      request.off('data', onData).off('end', done).off('close', done).off('error', done);
      resolve();
    }
    request.on('data', onData).on('end', done).on('close', done).on('error', done).resume();
  });
}
