import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, migrate } from '@bitkiln/lifecycle';
import { onTestFinished } from 'vitest';
import { type PostgresServer, startPostgresServer } from '../driver/postgres-server.ts';

/** A PostgreSQL of the test's own, which goes when the test ends. */
export async function ownPostgres(
  settings: Readonly<Record<string, string | number>> = {},
): Promise<PostgresServer> {
  const root = await mkdtemp(join(tmpdir(), 'bitkiln-named-'));
  await mkdir(join(root, 'postgres'));
  const server = await startPostgresServer(join(root, 'postgres'), settings);
  onTestFinished(async () => {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });
  return server;
}

export async function migrated(url: string): Promise<string> {
  await migrate(url);
  return url;
}

/** The experiment's float trial, with its attempts and the numbers of its epochs. */
export async function floatTrial({ prisma }: Database, experimentId: string) {
  const trial = await prisma.trial.findFirstOrThrow({
    where: { experimentId, stageName: 'float' },
    include: { attempts: { orderBy: { number: 'asc' } }, epochs: { orderBy: { epoch: 'asc' } } },
  });
  return { ...trial, numbers: trial.epochs.map(({ epoch }) => epoch) };
}

export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
