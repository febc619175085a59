import { connectDatabase, type Database, migrate, recordEpochs } from '@bitkiln/lifecycle';
import { submitNetwork } from '../../apps/worker/test/support/experiment.ts';
import { claimant, epochOf, leaseMs, parametersOf } from '../recording.ts';
import { round } from '../statistics.ts';
import { withPostgres } from './with-postgres.ts';

const network = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
const batches = [1, 4, 16, 64];
const epochs = 1024;
const rounds = 3;

/** Epochs recorded a second, with checkpoints of the reference network's size: one by one, and together. */
export function measureEpochs(): Promise<void> {
  return withPostgres({}, async (url) => {
    await migrate(url);
    const database = await connectDatabase(url);
    const seconds = new Map(batches.map((batch) => [batch, 0]));
    for (let i = 0; i < rounds; i += 1) {
      for (const batch of batches) seconds.set(batch, seconds.get(batch)! + (await record(database, batch)));
    }
    const rate = (batch: number) => (rounds * epochs) / seconds.get(batch)!;
    for (const batch of batches) {
      console.log(
        `epochs written ${batch} at a time: ${Math.round(rate(batch))}/s, ` +
          `${round(rate(batch) / rate(1), 2)} times one at a time`,
      );
    }
    await database.close();
  });
}

/** Seconds that a trial's epochs take. */
async function record(database: Database, batch: number): Promise<number> {
  const stage = { trials: 1, epochs };
  const protocol = { float: stage, movingScales: stage, frozenScales: stage };
  const experimentId = await submitNetwork(database, network, protocol);
  const { id } = await database.prisma.trial.findFirstOrThrow({ where: { experimentId, state: 'queued' } });
  const trial = await (await claimant(database))(id);
  const parameterCount = parametersOf(trial);
  // The loss falls in one epoch of four, so that the best checkpoints are written as often as late in a training.
  const records = Array.from({ length: epochs }, (_, epoch) => {
    const step = Math.floor(epoch / 4);
    return epochOf(epoch, parameterCount, { loss: 1 / (1 + step), correct: 9000 + step });
  });
  const began = performance.now();
  for (let first = 0; first < epochs; first += batch) {
    await recordEpochs(database, trial.fence, records.slice(first, first + batch), leaseMs);
  }
  return (performance.now() - began) / 1000;
}
