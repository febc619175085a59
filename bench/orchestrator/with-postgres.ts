import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@bitkiln/infra';

/**
 * Runs work over an embedded PostgreSQL of its own, which is gone afterwards.
 * @param settings what differs from the service's usual ones
 */
export async function withPostgres(
  settings: Readonly<Record<string, string>>,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'bitkiln-bench-'));
  const directory = join(root, 'postgres');
  await mkdir(directory);
  const postgres = await startEmbeddedPostgres({ directory, settings });
  try {
    await run(postgres.url);
  } finally {
    await postgres.stop();
    await rm(root, { recursive: true, force: true });
  }
}
