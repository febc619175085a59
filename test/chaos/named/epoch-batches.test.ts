import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, type Database } from '@bitkiln/lifecycle';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { submitTiny } from '../../../apps/worker/test/support/experiment.ts';
import { type SpawnedWorker, spawnWorker } from '../../../apps/worker/test/support/spawn-worker.ts';
import { type FaultProxy, startFaultProxy } from '../driver/fault-proxy.ts';
import { sampleName, writeSampleDataset } from '../driver/sample-dataset.ts';
import { upTo } from './own-postgres.ts';

const epochs = 300;

let url: string;
let database: Database;
let folder: string;
let proxy: FaultProxy;
const workers: SpawnedWorker[] = [];
beforeAll(async () => {
  url = await createTestDatabase();
  database = await connectDatabase(url);
  folder = await mkdtemp(join(tmpdir(), 'bitkiln-batches-'));
  await writeSampleDataset(folder);
  proxy = await startFaultProxy(Number(new URL(url).port));
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  await proxy.close();
  await database.close();
  await rm(folder, { recursive: true });
});

function worker(port?: number): SpawnedWorker {
  const seen = new URL(url);
  if (port !== undefined) seen.port = String(port);
  const started = spawnWorker({
    DATABASE_URL: seen.href,
    BITKILN_DATASETS: folder,
    BITKILN_DATA: join(folder, 'cache'),
  });
  workers.push(started);
  return started;
}

function submit(): Promise<string> {
  const oneEpoch = { trials: 1, epochs: 1 };
  const protocol = { float: { trials: 1, epochs }, movingScales: oneEpoch, frozenScales: oneEpoch };
  return submitTiny(database, protocol, { dataset: sampleName });
}

function floatTrial(experimentId: string) {
  return database.prisma.trial.findFirstOrThrow({
    where: { experimentId, stageName: 'float' },
    include: { epochs: { orderBy: { epoch: 'asc' } }, checkpoints: { where: { kind: 'latest' } } },
  });
}

test('of epochs written in batches to a database far away a SIGKILL loses none, and the end is the same', async () => {
  const disturbed = await submit();
  const delayed = proxy.delay(40, 10_000);
  const victim = worker(proxy.port);
  await victim.line(({ msg, epoch }) => msg === 'epoch recorded' && (epoch as number) >= 20);
  await victim.end('SIGKILL');
  await delayed;
  const left = await floatTrial(disturbed);
  const recorded = victim.lines.filter(({ msg }) => msg === 'epoch recorded').length;
  expect(left.epochs.map(({ epoch }) => epoch)).toEqual(upTo(left.epochs.length));
  expect(left.epochs.length).toBeGreaterThanOrEqual(recorded);
  expect(left.epochs.length).toBeLessThan(epochs);
  expect(left).toMatchObject({
    epochsDone: left.epochs.length,
    checkpoints: [{ epochsDone: left.epochs.length }],
  });
  // Those of one transaction have one time.
  const writes = new Set(left.epochs.map(({ recordedAt }) => recordedAt.getTime())).size;
  expect(writes).toBeLessThan(left.epochs.length);

  const heir = worker();
  const claim = await heir.line(({ msg, attempt }) => msg === 'trial claimed' && attempt === 2);
  expect(claim.startEpoch).toBe(left.epochs.length);
  await heir.line(({ msg }) => msg === 'winner recorded');
  const undisturbed = await submit();
  await heir.line(({ msg, experiment }) => msg === 'winner recorded' && experiment === undisturbed);
  const [one, other] = [await floatTrial(disturbed), await floatTrial(undisturbed)];
  const figures = ({ epochs }: typeof one) =>
    epochs.map(({ trainLoss, validationLoss, validationCorrect }) => [
      trainLoss,
      validationLoss,
      validationCorrect,
    ]);
  expect(one.finalSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(one.finalSha256).toBe(other.finalSha256);
  expect(figures(one)).toEqual(figures(other));
}, 120_000);
