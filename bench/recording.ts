import { lowerNetwork, parseNetwork } from '@bitkiln/core';
import {
  type ClaimedTrial,
  claimTrial,
  type Database,
  type EpochRecord,
  registerWorker,
} from '@bitkiln/lifecycle';

const numericsId = { trainer: 'bench', definition: 1, options: '', reproducible: true };
/** Nothing extends the leases of trials that only a benchmark writes for. */
export const leaseMs = 600_000;

/** Registers a worker that trains nothing; the function returned claims trials for it. */
export async function claimant(database: Database): Promise<(trialId: string) => Promise<ClaimedTrial>> {
  const { workerId } = await registerWorker(database, {
    host: 'bench',
    pid: process.pid,
    device: 'none',
    numericsId,
    version: '0.0.0-bench',
    samplesPerSecond: 100_000,
  });
  return async (trialId) => {
    const claim = await claimTrial(database, { trialId, workerId, numericsId, leaseMs });
    if (claim.outcome !== 'claimed') throw new Error(`trial ${trialId} is ${claim.outcome}`);
    return claim.trial;
  };
}

/** How many parameters a checkpoint of the trial has. */
export function parametersOf({ experiment }: ClaimedTrial): number {
  return lowerNetwork(parseNetwork(experiment.network), experiment.input).parameterCount;
}

/** An epoch as a worker would record it. */
export function epochOf(
  epoch: number,
  parameterCount: number,
  { loss, correct }: { readonly loss: number; readonly correct: number },
): EpochRecord {
  const vector = () => Float32Array.from({ length: parameterCount }, (_, i) => epoch + i);
  return {
    epoch,
    learningRate: 0.005,
    trainLoss: loss,
    validationLoss: loss,
    validationCorrect: correct,
    validationTotal: 10_000,
    durationMs: 900,
    checkpoint: {
      epochsDone: epoch + 1,
      steps: 49 * (epoch + 1),
      parameters: vector(),
      firstMoment: vector(),
      secondMoment: vector(),
    },
  };
}
