import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../../../', import.meta.url));

/** Where a file of the checkout stands. */
export function inCheckout(...segments: string[]): string {
  return join(checkout, ...segments);
}

/** The folder of the embedded service: its database, logs and lock; BITKILN_HOME moves it out of the checkout. */
export function homeDirectory(): string {
  const home = process.env.BITKILN_HOME ?? inCheckout('.bitkiln');
  mkdirSync(home, { recursive: true });
  return home;
}
