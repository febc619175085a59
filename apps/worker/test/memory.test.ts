import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@bitkiln/datasets';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase } from '@bitkiln/lifecycle';
import { expect, test } from 'vitest';
import { submitNetwork } from './support/experiment.ts';
import { spawnWorker } from './support/spawn-worker.ts';

test('a process that trains two trials on 200,000 images holds less than 400 MB', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'bitkiln-test-memory-'));
  const set = await openDataset('mnist', 'elastic', { folders: { cache, datasets: cache } });
  expect(set.train.count).toBe(200_000);
  const url = await createTestDatabase();
  const database = await connectDatabase(url);
  const network = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
  const one = { trials: 1, epochs: 1 };
  await submitNetwork(
    database,
    network,
    { float: { trials: 2, epochs: 9 }, movingScales: one, frozenScales: one },
    { augmentation: 'elastic' },
  );
  const worker = spawnWorker({ DATABASE_URL: url, BITKILN_DATA: cache }, ['--threads', '2']);
  try {
    for (const trial of [0, 1]) {
      const { trial: id } = await worker.line(({ msg, index }) => msg === 'trial claimed' && index === trial);
      await worker.line(({ msg, trial, epoch }) => msg === 'epoch recorded' && trial === id && epoch === 1);
    }
    expect(await residentBytes(worker.process.pid!)).toBeLessThan(400e6);
  } finally {
    await worker.end('SIGKILL');
    await database.close();
    await rm(cache, { recursive: true });
  }
}, 240_000);

/** As Linux tells it. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]);
}
