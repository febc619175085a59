import { lowerNetwork, parseNetwork } from '@bitkiln/core';
import {
  claimTrial,
  connectDatabase,
  type Database,
  type EpochRecord,
  migrate,
  recordEpochs,
  registerWorker,
} from '@bitkiln/lifecycle';
import { submitNetwork } from '../../apps/worker/test/support/experiment.ts';
import { round } from '../statistics.ts';
import { withPostgres } from './with-postgres.ts';

const network = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
const batches = [1, 4, 16, 64];
const epochs = 1024;
const rounds = 3;
const numericsId = { trainer: 'bench', definition: 1, options: '', reproducible: true };

/** Epochs recorded a second, with checkpoints of the reference network's size: one by one, and together. */
export function measureEpochs(): Promise<void> {
  return withPostgres({}, async (url) => {
    await migrate(url);
    const database = await connectDatabase(url);
    const seconds = new Map(batches.map((batch) => [batch, 0]));
    for (let round = 0; round < rounds; round += 1) {
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
  const experimentId = await submitNetwork(database, network, {
    float: stage,
    movingScales: stage,
    frozenScales: stage,
  });
  const { id: trialId } = await database.prisma.trial.findFirstOrThrow({
    where: { experimentId, state: 'queued' },
  });
  const { workerId } = await registerWorker(database, {
    host: 'bench',
    pid: process.pid,
    device: 'none',
    numericsId,
    version: '0.0.0-bench',
  });
  const claim = await claimTrial(database, { trialId, workerId, numericsId });
  if (claim.outcome !== 'claimed') throw new Error(`the trial is ${claim.outcome}`);
  const { fence, experiment } = claim.trial;
  const { parameterCount } = lowerNetwork(parseNetwork(network), experiment.input);
  const records = Array.from({ length: epochs }, (_, epoch) => recordOf(epoch, parameterCount));
  const began = performance.now();
  for (let first = 0; first < epochs; first += batch) {
    await recordEpochs(database, fence, records.slice(first, first + batch));
  }
  return (performance.now() - began) / 1000;
}

/** The loss falls in one epoch of four, so that the best checkpoint is written as often as late in a training. */
function recordOf(epoch: number, parameterCount: number): EpochRecord {
  const vector = () => Float32Array.from({ length: parameterCount }, (_, i) => epoch + i);
  const loss = 1 / (1 + Math.floor(epoch / 4));
  return {
    epoch,
    learningRate: 1e-3,
    trainLoss: loss,
    validationLoss: loss,
    validationCorrect: 9000 + Math.floor(epoch / 4),
    validationTotal: 10_000,
    durationMs: 5,
    checkpoint: {
      epochsDone: epoch + 1,
      steps: epoch + 1,
      parameters: vector(),
      firstMoment: vector(),
      secondMoment: vector(),
    },
  };
}
