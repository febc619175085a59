import { BlockList, isIP } from 'node:net';
import type { Database } from '../database.ts';
import { hasValidToken } from './list-tokens.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address (or `localhost`) is reached from its own host alone; any other name counts as a network's. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** A service would listen to a network though nobody holds a token for it. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
}

/**
 * Holds a service back that listens on `host` where that is no loopback address and there is no valid token.
 *
 * @throws NoTokenError that tells the command to type
 */
export async function refuseOpenNetwork(database: Database, host: string): Promise<void> {
  if (isLoopback(host) || (await hasValidToken(database))) return;
  throw new NoTokenError(
    `${host} is open to a network, and there is no valid API token yet; make one first: ` +
      'npx bitkiln token create --role admin',
  );
}
