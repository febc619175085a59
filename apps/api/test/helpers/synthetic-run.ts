import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lowerNetwork, parseNetwork, readModelJson, writeModelJson } from '@bitkiln/core';
import {
  claimEvaluation,
  claimTrial,
  completeTrial,
  type Database,
  type Fence,
  pinData,
  recordEpochs,
  recordWinner,
  registerWorker,
} from '@bitkiln/lifecycle';

const numericsId = { trainer: 'tensor', definition: 1, options: 'backend=cpu', reproducible: true };
export const dataHash = createHash('sha256').update('synthetic').digest('hex');
const published = new URL('../../../../packages/core/test/golden/published-model.json', import.meta.url);
/** The published model, so that what is made of a winner's file can be checked. */
export const modelJson = Buffer.from(writeModelJson(readModelJson(readFileSync(published, 'utf8'))));
export const modelH5 = Buffer.from([0x89, 0x48, 0x44, 0x46, 0, 255, 13, 10]);

const validationTotal = 10_000;
const epochMs = 250;

/** No synthetic worker extends a lease, and a busy machine must not preempt it. */
const leaseMs = 600_000;

/** Loss and correct images of an epoch: falling, and a little different for each trial. */
export interface EpochFigures {
  readonly loss: number;
  readonly correct: number;
}
export function figuresOf(trialIndex: number, epoch: number): EpochFigures {
  const loss = 0.4 / (epoch + 1) + 0.01 * ((trialIndex * 7) % 5);
  return { loss, correct: Math.min(10_000, 9500 + 100 * epoch + 10 * ((trialIndex * 3) % 7)) };
}

export function startWorker(database: Database, device = 'cpu:0'): Promise<{ workerId: string }> {
  return registerWorker(database, {
    host: 'test-host',
    pid: process.pid,
    device,
    numericsId,
    version: '0.0.0-test',
    samplesPerSecond: 12_345,
  });
}

/** Claims a trial and records its first epochs, as a worker would; returns its fence. */
export async function trainEpochs(
  database: Database,
  workerId: string,
  trialId: string,
  epochs: number,
): Promise<Fence> {
  const claim = await claimTrial(database, { trialId, workerId, numericsId, leaseMs });
  if (claim.outcome !== 'claimed') throw new Error(`trial ${trialId} is ${claim.outcome}`);
  const { fence, experiment, trialIndex, resume } = claim.trial;
  await pinData(database, fence, dataHash);
  const size = lowerNetwork(parseNetwork(experiment.network), experiment.input).parameterCount;
  for (let epoch = resume?.epochsDone ?? 0; epoch < epochs; epoch++) {
    const { loss, correct } = figuresOf(trialIndex, epoch);
    const record = {
      epoch,
      learningRate: 0.005,
      trainLoss: loss * 1.1,
      validationLoss: loss,
      validationCorrect: correct,
      validationTotal,
      durationMs: epochMs,
      checkpoint: {
        epochsDone: epoch + 1,
        steps: 49 * (epoch + 1),
        parameters: new Float32Array(size).fill(epoch / 8),
        firstMoment: new Float32Array(size),
        secondMoment: new Float32Array(size),
      },
    };
    await recordEpochs(database, fence, [record], leaseMs);
  }
  return fence;
}

/** Trains every trial of the running stage to its end. */
export async function trainStage(database: Database, workerId: string, experimentId: string): Promise<void> {
  const trials = await database.prisma.trial.findMany({
    where: { experimentId, state: { in: ['queued', 'preempted'] } },
    orderBy: { index: 'asc' },
    include: { stage: true },
  });
  for (const { id, stage } of trials) {
    await completeTrial(database, await trainEpochs(database, workerId, id, stage.epochs));
  }
}

/** Takes an experiment through all its stages to a recorded winner. */
export async function runToWinner(database: Database, experimentId: string): Promise<void> {
  const { workerId } = await startWorker(database);
  for (let stage = 0; stage < 3; stage++) await trainStage(database, workerId, experimentId);
  const claim = await claimEvaluation(database, { experimentId, workerId, leaseMs });
  if (claim.outcome !== 'claimed') throw new Error(`the evaluation of ${experimentId} is ${claim.outcome}`);
  await recordWinner(database, claim.evaluation.fence, {
    testCorrect: 9876,
    testTotal: 10_000,
    json: modelJson,
    h5: modelH5,
    version: '0.0.0-test',
  });
}
