import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type LogLine,
  type SpawnedWorker,
  spawnWorker,
} from '../../apps/worker/test/support/spawn-worker.ts';
import { type Client, createClient } from './support/client.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

const bitkiln = fileURLToPath(new URL('../../apps/cli/bin/bitkiln.mjs', import.meta.url));

/** Small, but all of MNIST and all three stages. */
const request = {
  name: 'end to end',
  network: 'A(4,4) C(4,3x3) S(10)',
  budgetBytes: 2048,
  seed: 11,
  protocol: {
    preset: 'quick',
    float: { trials: 2, epochs: 12 },
    movingScales: { trials: 1, epochs: 1 },
    frozenScales: { trials: 2, epochs: 1 },
  },
};
const epochsOf: Readonly<Record<string, number>> = { float: 12, movingScales: 1, frozenScales: 1 };

/**
 * The whole service through real processes: an API, two workers, Postgres, and the queue that `environment` asks
 * for.
 */
export function serviceSuite(kind: string, environment: () => Readonly<Record<string, string>>): void {
  vi.setConfig({ testTimeout: 240_000 });
  describe(`the service with its queue on ${kind}`, () => {
    let api: RunningApi;
    let client: Client;
    let files: string;
    const workers: SpawnedWorker[] = [];
    let undisturbed: string;

    beforeAll(async () => {
      workers.push(spawnWorker(environment()), spawnWorker(environment()));
      api = await startApi(environment());
      client = createClient(api.url);
      files = await mkdtemp(join(tmpdir(), 'bitkiln-test-models-'));
    });
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
      await api?.stop();
      await rm(files, { recursive: true, force: true });
    });

    test('a request becomes a winner, and a fresh process counts the same correct images', async () => {
      const { id } = await client.submit(request);
      undisturbed = id;
      expect(await client.finished(id)).toMatchObject({ state: 'succeeded', failureReason: null });

      const trials = await client.trials(id);
      expect(trials.map(({ stage, index }) => `${stage} ${index}`)).toEqual([
        'float 0',
        'float 1',
        'movingScales 0',
        'frozenScales 0',
        'frozenScales 1',
      ]);
      for (const trial of trials) {
        expect(trial).toMatchObject({ state: 'succeeded', attempts: 1, failures: 0, preemptions: 0 });
        const epochs = await client.epochs(trial.id);
        expect(epochs.map(({ epoch }) => epoch)).toEqual([...Array(epochsOf[trial.stage]).keys()]);
      }

      const winner = await client.winner(id);
      expect(winner.totalBytes).toBeLessThanOrEqual(2048);
      expect(winner.testTotal).toBe(10_000);
      expect(winner.testCorrect).toBeGreaterThan(8000);
      for (const format of ['json', 'h5'] as const) {
        const { href, sha256 } = winner.models[format];
        const bytes = await client.download(href);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
        const file = join(files, `model.${format}`);
        await writeFile(file, bytes);
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...[bitkiln, 'evaluate', file],
          ...['--split', 'test', '--json'],
        ]);
        expect(JSON.parse(stdout)).toMatchObject({
          correct: winner.testCorrect,
          total: winner.testTotal,
          engine: 'integer',
        });
      }
    });

    test("a worker killed after a trial's second epoch costs no epoch and changes no byte", async () => {
      const { id } = await client.submit(request);
      const secondEpoch = (line: LogLine) =>
        line.msg === 'epoch recorded' && line.experiment === id && line.epoch === 1;
      const [victim, line] = await Promise.any(
        workers.map(async (worker) => [worker, await worker.line(secondEpoch)] as const),
      );
      expect(await victim.end('SIGKILL')).toBe('SIGKILL');
      workers.push(spawnWorker(environment()));
      expect(await client.finished(id)).toMatchObject({ state: 'succeeded' });

      const killed = await client.trial(line.trial as string);
      expect(killed).toMatchObject({ state: 'succeeded', attempts: 2, failures: 0, preemptions: 1 });
      const epochs = await client.epochs(killed.id);
      expect(epochs.map(({ epoch }) => epoch)).toEqual([...Array(epochsOf.float).keys()]);
      expect(epochs.slice(0, 2).map(({ attempt }) => attempt)).toEqual([1, 1]);
      expect(epochs.at(-1)!.attempt).toBe(2);

      expect(await outcome(id)).toEqual(await outcome(undisturbed));
    });

    test('SIGTERM ends workers and API with code 0', async () => {
      const ends = workers.map((worker) => worker.end('SIGTERM'));
      expect((await Promise.all(ends)).filter((end) => end !== 'SIGKILL')).toEqual([0, 0]);
      expect(await api.stop()).toBe(0);
    });

    /** Everything that two runs of one experiment must have in common, to the byte. */
    async function outcome(id: string) {
      const trials = await client.trials(id);
      const checkpoints = await Promise.all(
        trials.map(async ({ id: trialId, stage, index }) => {
          const kept = (await client.trial(trialId)).checkpoints;
          const hashes = kept.map(({ kind: name, sha256 }) => `${name} ${sha256}`).sort();
          return { stage, index, hashes };
        }),
      );
      const { trialId, models } = await client.winner(id);
      const model = JSON.parse(new TextDecoder().decode(await client.download(models.json.href)));
      const { experimentId, trialId: modelTrial, ...provenance } = model.provenance;
      expect([experimentId, modelTrial]).toEqual([id, trialId]);
      const won = trials.find((trial) => trial.id === trialId)!.index;
      return { checkpoints, won, model: { ...model, provenance } };
    }
  });
}
