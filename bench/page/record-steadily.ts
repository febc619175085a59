import { setTimeout as sleep } from 'node:timers/promises';
import { type ClaimedTrial, type Database, recordEpochs } from '@bitkiln/lifecycle';
import { claimant, epochOf, leaseMs, parametersOf } from '../recording.ts';

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
  const waiting = await database.prisma.trial.findMany({
    where: { experimentId, state: 'queued' },
    orderBy: { index: 'asc' },
    take: atOnce,
  });
  const claim = await claimant(database);
  const trials: ClaimedTrial[] = [];
  for (const { id } of waiting) trials.push(await claim(id));
  const parameterCount = trials[0] === undefined ? 0 : parametersOf(trials[0]);
  let stopped = false;
  let count = 0;
  const work = (async () => {
    const started = performance.now();
    while (!stopped && count < 49 * trials.length) {
      const epoch = Math.floor(count / trials.length);
      const trial = trials[count % trials.length]!;
      const figures = {
        loss: 0.5 / (1 + epoch) + 0.03,
        correct: 9850 - Math.round(600 / (1 + epoch)),
      };
      await recordEpochs(database, trial.fence, [epochOf(epoch, parameterCount, figures)], leaseMs);
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
