import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Servers keep below the ephemeral range, where an outgoing connection may hold any port. */
const lowest = 20_000;
const highest = 32_767;

/** True where nothing listens on the loopback port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A loopback port below 32768 that is free now. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = randomInt(lowest, highest + 1);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`found no free port on 127.0.0.1 between ${lowest} and ${highest} in 200 tries`);
}
