import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDatabase } from '@bitkiln/lifecycle';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { submitTiny } from '../../../apps/worker/test/support/experiment.ts';
import { spawnWorker } from '../../../apps/worker/test/support/spawn-worker.ts';
import { startApi } from '../../end-to-end/support/start-api.ts';
import { floatTrial, migrated, ownPostgres, upTo } from './own-postgres.ts';

const epochs = 80;
const oneTrial = { movingScales: { trials: 1, epochs: 1 }, frozenScales: { trials: 1, epochs: 1 } };

/** Root mounts a disk of its own; an ordinary user may be allowed to by sudo. */
function mountCommand(): readonly string[] | null {
  if (process.getuid?.() === 0) return [];
  try {
    execFileSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
    return ['sudo', '-n'];
  } catch {
    return null;
  }
}

test('a full disk holds a trial up, and it goes on from its last epoch once there is room', async ({
  skip,
}) => {
  const prefix = mountCommand();
  if (prefix === null) skip('mounting a small disk takes root, or sudo without a password');
  const asRoot = (...command: readonly string[]) => {
    const [program, ...args] = [...prefix!, ...command];
    execFileSync(program!, args);
  };
  const postgres = await ownPostgres();
  const disk = await mkdtemp(join(tmpdir(), 'bitkiln-small-disk-'));
  await chmod(disk, 0o755);
  const owner = Number(
    execFileSync('id', ['-u', process.getuid?.() === 0 ? 'postgres' : ''].filter(Boolean)),
  );
  asRoot('mount', '-t', 'tmpfs', '-o', `size=64m,uid=${owner},mode=0777`, 'tmpfs', disk);
  onTestFinished(async () => {
    asRoot('umount', '-l', disk);
    await rmdir(disk);
  });

  // Only the data stand on the small disk: PostgreSQL itself stays up, as with a volume of its own.
  const anyUrl = await postgres.createDatabase('elsewhere');
  const client = new pg.Client({ connectionString: anyUrl });
  await client.connect();
  await client.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
  await client.query('CREATE DATABASE cramped TABLESPACE small');
  await client.end();
  const url = await migrated(anyUrl.replace(/elsewhere$/, 'cramped'));
  const database = await connectDatabase(url);
  const experimentId = await submitTiny(database, { float: { trials: 1, epochs }, ...oneTrial });
  const worker = spawnWorker({ DATABASE_URL: url, LOG_LEVEL: 'debug' });
  const api = await startApi({ DATABASE_URL: url });
  await worker.line(({ msg, epoch }) => msg === 'epoch recorded' && epoch === 2);

  const ballast = join(disk, 'ballast');
  await fill(ballast);
  const refused = await worker.line(({ err }) => (err as { code?: string } | undefined)?.code === '53100');
  expect((refused.err as { message: string }).message).toContain('No space left on device');
  expect(await status(`${api.url}/experiments/${experimentId}`)).toBe(200);
  expect(await submitStatus(api.url)).toBe(503);
  const heldUp = await floatTrial(database, experimentId);
  expect(['running', 'preempted']).toContain(heldUp.state);
  expect(heldUp.epochsDone).toBeLessThan(epochs);
  expect(heldUp).toMatchObject({ failures: 0, numbers: upTo(heldUp.epochsDone) });

  await rm(ballast);
  await worker.line(({ msg }) => msg === 'trial completed');
  const finished = await floatTrial(database, experimentId);
  expect(finished).toMatchObject({ state: 'succeeded', failures: 0, numbers: upTo(epochs) });
  expect(await submitStatus(api.url)).toBe(201);
  expect(await api.stop()).toBe(0);
  await worker.end('SIGKILL');
  await database.close();
}, 240_000);

/** Writes until nothing more fits. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  const chunk = Buffer.alloc(4096);
  try {
    for (;;) await file.write(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

async function status(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
}

/** A request whose rows don't fit into what is left in pages that are there already. */
function submitStatus(url: string): Promise<number> {
  const body = JSON.stringify({
    network: 'A(4,4) S(10)',
    protocol: { preset: 'quick', float: { trials: 1000, epochs: 1 } },
  });
  return status(`${url}/experiments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
}
