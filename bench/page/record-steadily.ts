import { setTimeout as sleep } from 'node:timers/promises';
import { lowerNetwork, parseNetwork } from '@bitkiln/core';
import {
  claimTrial,
  type Database,
  type EpochRecord,
  type Fence,
  recordEpochs,
  registerWorker,
} from '@bitkiln/lifecycle';

const numericsId = { trainer: 'bench', definition: 1, options: '', reproducible: true };
const leaseMs = 600_000;
const atOnce = 10;

/**
 * Records epochs of an experiment's waiting trials as workers would, so many a second, each an event on its stream.
 * The function returned ends that, and tells how many there were.
 */
export async function recordSteadily(
  database: Database,
  experimentId: string,
  perSecond: number,
): Promise<() => Promise<number>> {
  const { workerId } = await registerWorker(database, {
    host: 'bench',
    pid: process.pid,
    device: 'none',
    numericsId,
    version: '0.0.0-bench',
    samplesPerSecond: 100_000,
  });
  const waiting = await database.prisma.trial.findMany({
    where: { experimentId, state: 'queued' },
    orderBy: { index: 'asc' },
    take: atOnce,
  });
  const fences: Fence[] = [];
  let parameters = 0;
  for (const { id } of waiting) {
    const claim = await claimTrial(database, { trialId: id, workerId, numericsId, leaseMs });
    if (claim.outcome !== 'claimed') throw new Error(`trial ${id} is ${claim.outcome}`);
    fences.push(claim.trial.fence);
    const { network, input } = claim.trial.experiment;
    parameters = lowerNetwork(parseNetwork(network), input).parameterCount;
  }
  let stopped = false;
  let count = 0;
  const work = (async () => {
    const started = performance.now();
    while (!stopped && count < 49 * fences.length) {
      const epoch = Math.floor(count / fences.length);
      await recordEpochs(database, fences[count % fences.length]!, [recordOf(epoch, parameters)], leaseMs);
      count += 1;
      await sleep(Math.max(0, started + (count * 1000) / perSecond - performance.now()));
    }
  })();
  return async () => {
    stopped = true;
    await work;
    return count;
  };
}

function recordOf(epoch: number, parameters: number): EpochRecord {
  const zeros = () => new Float32Array(parameters);
  const loss = 0.5 / (1 + epoch) + 0.03;
  return {
    epoch,
    learningRate: 0.005,
    trainLoss: loss,
    validationLoss: loss,
    validationCorrect: 9850 - Math.round(600 / (1 + epoch)),
    validationTotal: 10_000,
    durationMs: 900,
    checkpoint: {
      epochsDone: epoch + 1,
      steps: 49 * (epoch + 1),
      parameters: zeros(),
      firstMoment: zeros(),
      secondMoment: zeros(),
    },
  };
}
