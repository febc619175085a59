import { expect, test } from 'vitest';
import { runChaos } from './driver/run-chaos.ts';
import { faultKinds, planFaults } from './driver/schedule.ts';

test('a short run on both queues loses nothing and changes no byte', async () => {
  const report = await runChaos({
    minutes: 0.5,
    seed: 20_261_124,
    perMinute: 24,
    queues: ['postgres', 'redis'],
    workers: 2,
    bodies: 2,
    settleMs: 120_000,
    keep: false,
    say: () => undefined,
  });
  expect(report).toMatchObject({
    lost: 0,
    duplicated: 0,
    staleWrites: 0,
    winnerBytesEqual: true,
    problems: [],
  });
  expect(report.faults).toBeGreaterThanOrEqual(8);
  expect(report.faultsWhileBusy).toBeGreaterThanOrEqual(report.faults / 2);
  expect(report.experiments).toBeGreaterThanOrEqual(4);
}, 300_000);

test('a seed gives the same faults each time, and four minutes give every kind', () => {
  const plan = (seed: number) =>
    (['postgres', 'redis'] as const).flatMap((queue) =>
      planFaults(seed, queue, { minutes: 2, perMinute: 24, slots: 3 }),
    );
  expect(plan(5)).toEqual(plan(5));
  expect(plan(5)).not.toEqual(plan(6));
  expect(new Set(plan(5).map(({ kind }) => kind))).toEqual(new Set(faultKinds));
  expect(plan(5).length).toBeGreaterThanOrEqual(4 * 15);
});
