import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@bitkiln/infra';

export interface FaultProxy {
  readonly port: number;
  /** Breaks every connection and refuses new ones for so long. */
  cut(ms: number): Promise<void>;
  /** Holds every chunk back for `byMs`, for so long. */
  delay(byMs: number, ms: number): Promise<void>;
  /**
   * What is open now goes silent for good, as if the peer's host had gone: neither bytes nor the end of a side reach
   * the other. New connections work.
   */
  halfOpen(): void;
  /**
   * Once a transaction on one connection has sent `marker` and then its COMMIT, and the server has replied: the reply
   * is swallowed, `act` is called, and the connection breaks. The promise tells whether it came to that in time.
   */
  atCommit(marker: string, act: () => void, timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** As TCP keepalive would: the server's side of a connection whose client has gone ends after a while. */
const keepaliveMs = 30_000;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  silent: boolean;
  /** What the open transaction has sent so far, as far as `atCommit` asks. */
  marked: boolean;
  committing: boolean;
}

interface Trap {
  readonly marker: string;
  spring(pair: Pair): void;
}

/** Stands between clients and a server on 127.0.0.1, and makes their connections fail in the ways that networks do. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let refusing = 0;
  let delayMs = 0;
  let trap: Trap | null = null;

  const breakPair = ({ client, server }: Pair) => {
    client.destroy();
    server.destroy();
  };
  const watch = (pair: Pair, chunk: Buffer) => {
    if (trap === null) return;
    if (chunk.includes(trap.marker)) pair.marked = true;
    if (chunk.includes('ROLLBACK\0')) pair.marked = false;
    if (pair.marked && chunk.includes('COMMIT\0')) pair.committing = true;
  };
  const serve = (client: Socket) => {
    if (refusing > 0) {
      client.destroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    const pair: Pair = { client, server, silent: false, marked: false, committing: false };
    pairs.add(pair);
    for (const socket of [client, server]) socket.on('error', () => undefined);
    const toServer = ordered(server, () => delayMs);
    const toClient = ordered(client, () => delayMs);
    client.on('data', (chunk) => {
      if (pair.silent) return;
      watch(pair, chunk);
      toServer(chunk);
    });
    server.on('data', (chunk) => {
      if (pair.silent) return;
      if (pair.committing && trap !== null) {
        const { spring } = trap;
        trap = null;
        spring(pair);
        return;
      }
      toClient(chunk);
    });
    const closed = (other: Socket) => {
      if (pair.silent) setTimeout(() => breakPair(pair), keepaliveMs).unref();
      else other.destroy();
      if (client.destroyed && server.destroyed) pairs.delete(pair);
    };
    client.on('close', () => closed(server));
    server.on('close', () => closed(client));
  };

  const listener = createServer(serve);
  listener.listen(await freePort(), '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    cut: async (ms) => {
      refusing += 1;
      for (const pair of pairs) breakPair(pair);
      await sleep(ms);
      refusing -= 1;
    },
    delay: async (byMs, ms) => {
      delayMs += byMs;
      await sleep(ms);
      delayMs -= byMs;
    },
    halfOpen: () => {
      for (const pair of pairs) pair.silent = true;
    },
    atCommit: async (marker, act, timeoutMs) => {
      const sprung = new Promise<true>((resolve) => {
        trap = {
          marker,
          spring: (pair) => {
            act();
            breakPair(pair);
            resolve(true);
          },
        };
      });
      const done = await Promise.race([sprung, sleep(timeoutMs, false)]);
      if (!done) trap = null;
      for (const pair of pairs) {
        pair.marked = false;
        pair.committing = false;
      }
      return done;
    },
    close: async () => {
      for (const pair of pairs) breakPair(pair);
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** Writes chunks in order, each held back as long as `delayMs` says when it comes. */
function ordered(to: Socket, delayMs: () => number): (chunk: Buffer) => void {
  let waiting = Promise.resolve();
  let held = 0;
  const write = (chunk: Buffer) => {
    if (!to.destroyed) to.write(chunk);
  };
  return (chunk) => {
    const ms = delayMs();
    if (ms === 0 && held === 0) {
      write(chunk);
      return;
    }
    held += 1;
    const due = sleep(ms);
    waiting = waiting
      .then(() => due)
      .then(() => {
        held -= 1;
        write(chunk);
      });
  };
}
