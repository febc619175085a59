import { randomUUID } from 'node:crypto';
import {
  type ClaimedTrial,
  claimTrial,
  completeTrial,
  type Database,
  type EpochRecord,
  type Fence,
  type NewExperiment,
  type NumericsId,
  recordEpochs,
  registerWorker,
  submitExperiment,
} from '../../src/index.ts';

export const numerics: NumericsId = {
  trainer: 'tensor',
  definition: 1,
  options: 'backend=cpu',
  reproducible: true,
};

const learningRate = { initial: 0.005, decay: 0.98, minimum: 1e-4 };

/** A small experiment: `trials` trials a stage, two epochs each. */
export function newExperiment(changes: Partial<NewExperiment> & { trials?: number } = {}): NewExperiment {
  const { trials = 2, ...others } = changes;
  const stage = { trials, epochs: 2, batchSize: 1024, learningRate };
  return {
    name: 'test',
    dataset: 'mnist',
    augmentation: 'none',
    network: 'A(2,4) S(10)',
    input: { rows: 28, cols: 28, channels: 1 },
    classes: 10,
    strategy: 'herringbone',
    budgetBytes: 2048,
    weightBytes: 1000.5,
    activationBytes: 434.5,
    seed: 2 ** 53 - 1,
    protocol: { float: stage, movingScales: stage, frozenScales: stage },
    ...others,
  };
}

export async function submit(
  database: Database,
  changes: Parameters<typeof newExperiment>[0] = {},
): Promise<string> {
  return (await submitExperiment(database, newExperiment(changes))).experimentId;
}

export async function newWorker(database: Database, numericsId: NumericsId = numerics): Promise<string> {
  const { workerId } = await registerWorker(database, {
    host: 'test',
    pid: process.pid,
    device: 'cpu:0',
    numericsId,
    version: '0.1.0',
  });
  return workerId;
}

/** Ids of an experiment's trials that wait, in the order of stage and index. */
export async function waitingTrials(database: Database, experimentId: string): Promise<string[]> {
  const trials = await database.prisma.trial.findMany({
    where: { experimentId, state: { in: ['queued', 'preempted'] } },
    orderBy: [{ stage: { position: 'asc' } }, { index: 'asc' }],
    select: { id: true },
  });
  return trials.map(({ id }) => id);
}

/** Claims a trial and fails the test where that isn't possible. */
export async function claim(
  database: Database,
  trialId: string,
  options: { workerId?: string; numericsId?: NumericsId; leaseMs?: number } = {},
): Promise<ClaimedTrial> {
  const result = await claimTrial(database, {
    trialId,
    workerId: options.workerId ?? (await newWorker(database)),
    numericsId: options.numericsId ?? numerics,
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
  });
  if (result.outcome !== 'claimed')
    throw new Error(`trial ${trialId} was not claimed: ${JSON.stringify(result)}`);
  return result.trial;
}

/** An epoch's record whose parameters tell trial and epoch apart. */
export function epochRecord(epoch: number, changes: Partial<EpochRecord> = {}): EpochRecord {
  const vector = (value: number) => Float32Array.from({ length: 7 }, (_, i) => value + i / 8);
  return {
    epoch,
    learningRate: 0.005,
    trainLoss: 0.5 / (epoch + 1),
    validationLoss: 0.4 / (epoch + 1),
    validationCorrect: 9000 + epoch,
    validationTotal: 10_000,
    durationMs: 10.5,
    checkpoint: {
      epochsDone: epoch + 1,
      steps: 49 * (epoch + 1),
      parameters: vector(epoch),
      firstMoment: vector(epoch + 100),
      secondMoment: vector(epoch + 200),
    },
    ...changes,
  };
}

/** Records epochs from the trial's resume point to the end, and completes it. */
export async function finish(
  database: Database,
  trial: ClaimedTrial,
  changes: Partial<EpochRecord> = {},
): Promise<Fence> {
  for (let epoch = trial.resume?.epochsDone ?? 0; epoch < trial.settings.epochs; epoch += 1) {
    await recordEpochs(database, trial.fence, [epochRecord(epoch, changes)]);
  }
  await completeTrial(database, trial.fence);
  return trial.fence;
}

/** Finishes every waiting trial, stage after stage, until none is left. */
export async function finishAll(database: Database, experimentId: string): Promise<void> {
  const workerId = await newWorker(database);
  for (;;) {
    const waiting = await waitingTrials(database, experimentId);
    if (waiting.length === 0) return;
    for (const id of waiting) {
      const trial = await claim(database, id, { workerId });
      await finish(database, trial, {
        validationLoss: 0.3 - trial.trialIndex / 100,
        validationCorrect: 9000 + 10 * trial.trialIndex,
      });
    }
  }
}

export const unknownId = () => randomUUID();
