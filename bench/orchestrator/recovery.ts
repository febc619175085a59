import { cancelExperiment, connectDatabase, type Database, migrate } from '@bitkiln/lifecycle';
import { submitTiny } from '../../apps/worker/test/support/experiment.ts';
import { spawnWorker } from '../../apps/worker/test/support/spawn-worker.ts';
import { startTestRedis } from '../../infra/testing/redis.ts';
import { quantile, round } from '../statistics.ts';
import { withPostgres } from './with-postgres.ts';

const kills = 10;

/** From the SIGKILL of a worker that trains to the claim of its trial by another, with kiln and the real queue. */
export function measureRecovery(queue: 'postgres' | 'redis'): Promise<void> {
  return withPostgres({}, async (url) => {
    const redis = queue === 'redis' ? await startTestRedis() : null;
    await migrate(url);
    const database = await connectDatabase(url);
    try {
      const environment = { DATABASE_URL: url, ...(redis === null ? {} : { REDIS_URL: redis.url }) };
      const seconds = await killInTurn(database, environment);
      console.log(
        `queue on ${queue}: of ${kills} killed workers' trials, half went on after ${round(quantile(seconds, 0.5), 2)} s, ` +
          `the last after ${round(Math.max(...seconds), 2)} s (goal: 5 s)`,
      );
    } finally {
      await database.close();
      await redis?.stop();
    }
  });
}

/** Seconds from each kill to the next worker's claim. */
async function killInTurn(
  database: Database,
  environment: Readonly<Record<string, string>>,
): Promise<number[]> {
  const startWorker = async () => {
    const worker = spawnWorker(environment);
    await worker.line(({ msg }) => msg.includes('trains with'));
    return worker;
  };
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
  return seconds;
}
