import { expect, test } from 'vitest';
import { cancelExperiment, tellImages } from '../src/index.ts';
import { useDatabase } from './support/database.ts';
import { newWorker, submit } from './support/experiment.ts';

const database = useDatabase();

test('what one attempt has told of the images is not told again, and nothing once the experiment is over', async () => {
  const experimentId = await submit(database());
  const [one, other] = [await newWorker(database()), await newWorker(database())];
  const tell = (workerId: string, done: number) =>
    tellImages(database(), experimentId, { workerId, phase: 'first teacher', done, total: 12 });
  await Promise.all([tell(one, 1), tell(other, 1)]);
  await tell(other, 2);
  await tell(one, 2);
  await cancelExperiment(database(), experimentId, 'enough');
  await tell(one, 3);

  const events = await database().prisma.event.findMany({
    where: { experimentId, type: 'images.preparing' },
    orderBy: { sequence: 'asc' },
  });
  expect(events.map(({ data }) => (data as { done: number }).done)).toEqual([1, 2]);
});
