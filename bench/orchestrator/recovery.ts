import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@bitkiln/infra';
import { cancelExperiment, connectDatabase, migrate } from '@bitkiln/lifecycle';
import { submitTiny } from '../../apps/worker/test/support/experiment.ts';
import { spawnWorker } from '../../apps/worker/test/support/spawn-worker.ts';
import { startTestRedis } from '../../infra/testing/redis.ts';
import { quantile, round } from '../statistics.ts';

const kills = 10;

/** From the SIGKILL of a worker that trains to the claim of its trial by another, with kiln and the real queue. */
export async function measureRecovery(queue: 'postgres' | 'redis'): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'bitkiln-bench-'));
  await mkdir(join(root, 'postgres'));
  const postgres = await startEmbeddedPostgres({ directory: join(root, 'postgres') });
  const redis = queue === 'redis' ? await startTestRedis() : null;
  await migrate(postgres.url);
  const database = await connectDatabase(postgres.url);
  const environment = { DATABASE_URL: postgres.url, ...(redis === null ? {} : { REDIS_URL: redis.url }) };
  const startWorker = async () => {
    const worker = spawnWorker(environment);
    await worker.line(({ msg }) => msg.includes('trains with'));
    return worker;
  };
  try {
    const experimentId = await submitTiny(database, {
      float: { trials: 1, epochs: 10_000 },
      movingScales: { trials: 1, epochs: 1 },
      frozenScales: { trials: 1, epochs: 1 },
    });
    let holder = await startWorker();
    const seconds: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      await holder.line(({ msg, attempt }) => msg === 'epoch recorded' && attempt === kill);
      const heir = await startWorker();
      await holder.end('SIGKILL');
      const killed = performance.now();
      await heir.line(({ msg, attempt }) => msg === 'trial claimed' && attempt === kill + 1);
      seconds.push((performance.now() - killed) / 1000);
      holder = heir;
    }
    await cancelExperiment(database, experimentId);
    await holder.end('SIGKILL');
    console.log(
      `queue on ${queue}: of ${kills} killed workers' trials, half went on after ${round(quantile(seconds, 0.5), 2)} s, ` +
        `the last after ${round(Math.max(...seconds), 2)} s (goal: 5 s)`,
    );
  } finally {
    await database.close();
    await redis?.stop();
    await postgres.stop();
    await rm(root, { recursive: true, force: true });
  }
}
