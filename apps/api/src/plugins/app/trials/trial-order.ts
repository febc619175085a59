import type { Prisma } from '@bitkiln/lifecycle';
import { z } from 'zod';
import type { TrialSort } from '../../../schemas/trial.ts';

/** Where a page begins: behind the trial with this id and, in an order by value, this value. */
export type TrialPosition = readonly [number | null, string];
export const trialPosition = z.tuple([z.number().nullable(), z.uuid()]);

/**
 * A run of trials in index order. An order by value has two: the trials with a value, then those without, since
 * one index can't be walked with its nulls last in both directions.
 */
interface TrialRun {
  readonly orderBy: Prisma.TrialOrderByWithRelationInput[];
  /** The trials of the run behind a position, or all of it. */
  readonly where: (behind: TrialPosition | null) => Prisma.TrialWhereInput;
}

const byId = (direction: 'asc' | 'desc'): TrialRun => ({
  orderBy: [{ id: direction }],
  where: (behind) =>
    behind === null ? {} : { id: direction === 'asc' ? { gt: behind[1] } : { lt: behind[1] } },
});

const byLoss: TrialRun = {
  orderBy: [{ bestLoss: 'asc' }, { id: 'asc' }],
  where: (behind) => {
    if (behind === null || behind[0] === null) return { bestLoss: { not: null } };
    const [loss, id] = behind;
    // The outer bound lets the index start at the position; the alternatives alone would walk it from its end.
    return { bestLoss: { gte: loss }, OR: [{ bestLoss: { gt: loss } }, { id: { gt: id } }] };
  },
};

const byAccuracy: TrialRun = {
  orderBy: [{ bestAccuracy: 'desc' }, { id: 'desc' }],
  where: (behind) => {
    if (behind === null || behind[0] === null) return { bestAccuracy: { not: null } };
    const [accuracy, id] = behind;
    return { bestAccuracy: { lte: accuracy }, OR: [{ bestAccuracy: { lt: accuracy } }, { id: { lt: id } }] };
  },
};

function without(column: 'bestLoss' | 'bestAccuracy'): TrialRun {
  const { orderBy, where } = byId('asc');
  return { orderBy, where: (behind) => ({ ...where(behind), [column]: null }) };
}

interface TrialOrder {
  readonly runs: readonly TrialRun[];
  readonly value: (trial: { bestLoss: number | null; bestAccuracy: number | null }) => number | null;
}

export const trialOrders: Readonly<Record<TrialSort, TrialOrder>> = {
  newest: { runs: [byId('desc')], value: () => null },
  oldest: { runs: [byId('asc')], value: () => null },
  loss: { runs: [byLoss, without('bestLoss')], value: ({ bestLoss }) => bestLoss },
  accuracy: { runs: [byAccuracy, without('bestAccuracy')], value: ({ bestAccuracy }) => bestAccuracy },
};
