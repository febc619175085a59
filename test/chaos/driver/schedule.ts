import { createDice } from './dice.ts';

/** Every way in which the driver hurts the service. */
export const faultKinds = [
  'worker-kill',
  'worker-pause',
  'worker-drain',
  'database-cut',
  'database-cut-at-commit',
  'database-delay',
  'database-half-open',
  'postgres-restart',
  'duplicate-jobs',
  'api-kill-after-commit',
  'redis-flush',
  'redis-kill',
  'redis-cut',
  'redis-delay',
  'redis-half-open',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export type QueueKind = 'postgres' | 'redis';

/** One fault as the seed has it; what it meets when it comes is the service's doing. */
export interface PlannedFault {
  /** Milliseconds from the start of the phase. */
  readonly atMs: number;
  readonly kind: FaultKind;
  /** The worker that it looks at first, counted from 0. */
  readonly slot: number;
  /** How hard and how long, in [0, 1). */
  readonly strength: number;
}

/** Faults of a queue's phase, so that each of its kinds comes once before any comes again. */
export function planFaults(
  seed: number,
  queue: QueueKind,
  {
    minutes,
    perMinute,
    slots,
  }: { readonly minutes: number; readonly perMinute: number; readonly slots: number },
): PlannedFault[] {
  const dice = createDice(seed, queue === 'postgres' ? 1 : 2);
  const kinds = faultKinds.filter((kind) => queue === 'redis' || !kind.startsWith('redis-'));
  const gapMs = 60_000 / perMinute;
  const count = Math.ceil(minutes * perMinute);
  let deck: FaultKind[] = [];
  return Array.from({ length: count }, (_, i) => {
    if (deck.length === 0) deck = dice.shuffled(kinds);
    const atMs = Math.round((i + dice.between(0, 0.8)) * gapMs);
    return { atMs, kind: deck.pop()!, slot: dice.below(slots), strength: dice.between(0, 1) };
  });
}
