import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EpochRecord, type Fence, recordEpochs } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { claim, epochRecord, newExperiment, submit, waitingTrials } from './support/experiment.ts';

const database = useDatabase();

/** Figures out of few values, so that ties and new bests come often. */
const figures = fc.record({
  validationLoss: fc.constantFrom(0.1, 0.2, 0.3, 0.4),
  validationCorrect: fc.integer({ min: 9000, max: 9003 }),
  durationMs: fc.integer({ min: 0, max: 50 }),
});

/** Two claimed trials of one stage of so many epochs. */
async function twoTrials(epochs: number): Promise<[Fence, Fence]> {
  const { protocol } = newExperiment({ trials: 2 });
  const stage = { ...protocol.float, epochs };
  const id = await submit(database(), {
    protocol: { float: stage, movingScales: stage, frozenScales: stage },
  });
  const [one, other] = await waitingTrials(database(), id);
  return [(await claim(database(), one!)).fence, (await claim(database(), other!)).fence];
}

/** All that epochs leave behind, without what names their trial and their time. */
async function left({ trialId }: Fence) {
  const trial = await database().prisma.trial.findUniqueOrThrow({
    where: { id: trialId },
    include: {
      epochs: { orderBy: { epoch: 'asc' }, omit: { trialId: true, recordedAt: true } },
      checkpoints: { orderBy: { kind: 'asc' }, omit: { trialId: true, savedAt: true } },
      attempts: { select: { epochsDone: true } },
    },
    omit: { id: true, index: true, startedAt: true, dispatchedAt: true, turn: true },
  });
  const events = await database().prisma.event.findMany({
    where: { type: 'trial.epoch', data: { path: ['trialId'], equals: trialId } },
    orderBy: { sequence: 'asc' },
  });
  return { trial, events: events.map(({ data }) => ({ ...(data as object), trialId: null, index: null })) };
}

test('epochs recorded together leave what they leave one by one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(figures, { minLength: 1, maxLength: 5 }), { minLength: 1 }),
      async (plan) => {
        let epoch = 0;
        const batches = plan.map((batch): EpochRecord[] =>
          batch.map((changes) => epochRecord(epoch++, changes)),
        );
        const [single, batched] = await twoTrials(epoch);
        const one = [];
        for (const record of batches.flat()) one.push(await recordEpochs(database(), single, [record]));
        const together = [];
        for (const batch of batches) together.push(await recordEpochs(database(), batched, batch));
        expect(together.flatMap(({ recorded }) => recorded)).toEqual(one.flatMap(({ recorded }) => recorded));
        expect(await left(batched)).toEqual(await left(single));
      },
    ),
    { numRuns: 25 },
  );
});

test('the events of epochs recorded together are numbered in their order, without a gap', async () => {
  const [fence] = await twoTrials(4);
  await recordEpochs(
    database(),
    fence,
    [0, 1, 2, 3].map((epoch) => epochRecord(epoch)),
  );
  const events = await database().prisma.event.findMany({
    where: { experiment: { trials: { some: { id: fence.trialId } } } },
    orderBy: { sequence: 'asc' },
  });
  expect(events.map(({ sequence }) => Number(sequence))).toEqual(events.map((_, index) => index + 1));
  const epochs = events.filter(({ type }) => type === 'trial.epoch').map(({ data }) => data);
  expect(epochs).toMatchObject([{ epoch: 0 }, { epoch: 1 }, { epoch: 2 }, { epoch: 3 }]);
});
