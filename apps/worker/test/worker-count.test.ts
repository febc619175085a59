import { createHash } from 'node:crypto';
import { readModelJson } from '@bitkiln/core';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { connectDatabase, type Database } from '@bitkiln/lifecycle';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { submitNetwork } from './support/experiment.ts';
import { type SpawnedWorker, spawnWorker } from './support/spawn-worker.ts';

let url: string;
let database: Database;
let worker: SpawnedWorker | undefined;
beforeAll(async () => {
  url = await createTestDatabase();
  database = await connectDatabase(url);
});
afterEach(async () => {
  await worker?.end('SIGKILL');
});
afterAll(() => database.close());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Trains one and the same experiment by so many workers; the hash of every trial's end, and of the winner. */
async function train(workers: number) {
  const experimentId = await submitNetwork(database, 'A(2,4) C(3,3x3) M(2) D(0.1) S(10)', {
    float: { trials: 8, epochs: 2 },
    movingScales: { trials: 2, epochs: 1 },
    frozenScales: { trials: 2, epochs: 1 },
  });
  worker = spawnWorker({ DATABASE_URL: url }, ['--threads', String(workers)]);
  await worker.line(({ msg }) => msg === 'winner recorded');
  expect(await worker.end('SIGTERM')).toBe(0);
  const { trials, model } = await database.prisma.experiment.findUniqueOrThrow({
    where: { id: experimentId },
    include: { trials: { include: { attempts: true, checkpoints: true } }, model: true },
  });
  const name = ({ stageName, index }: { stageName: string; index: number }) => `${stageName} ${index}`;
  const hashes = trials.flatMap((trial) => [
    [name(trial), trial.finalSha256] as const,
    ...trial.checkpoints.map(({ kind, sha256 }) => [`${name(trial)} ${kind}`, sha256] as const),
  ]);
  const { parameters } = readModelJson(new TextDecoder().decode(model!.json));
  return {
    hashes: Object.fromEntries(hashes),
    winner: sha256(new Uint8Array(parameters.slice().buffer)),
    workers: new Set(trials.flatMap(({ attempts }) => attempts.map(({ workerId }) => workerId))).size,
  };
}

test('the same trials at one worker and at eight give the same SHA-256 of weights', async () => {
  const alone = await train(1);
  const many = await train(8);
  expect([alone.workers, many.workers]).toEqual([1, 8]);
  expect(Object.keys(alone.hashes)).toHaveLength(3 * 12);
  expect(many.hashes).toEqual(alone.hashes);
  expect(many.winner).toBe(alone.winner);
}, 240_000);
