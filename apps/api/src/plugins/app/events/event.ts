import type { Prisma } from '@bitkiln/lifecycle';

/** One event as it goes out: `id`, `event` and `data` of a server-sent event. */
export interface OutgoingEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Counts of correct images whose share is told beside them, and the count that they are a share of. */
const shares = [
  ['validationCorrect', 'validationTotal', 'validationAccuracy'],
  ['bestLossCorrect', 'validationTotal', 'bestLossAccuracy'],
  ['bestCorrect', 'validationTotal', 'bestAccuracy'],
  ['testCorrect', 'testTotal', 'testAccuracy'],
] as const;

/** The event as the life cycle wrote it, with its time, and accuracies beside the counts. */
export function toEvent(row: Prisma.EventModel): OutgoingEvent {
  const data: Record<string, unknown> = {
    at: row.createdAt.toISOString(),
    ...(row.data as Record<string, unknown>),
  };
  for (const [correct, total, accuracy] of shares) {
    const [part, whole] = [data[correct], data[total]];
    if (typeof part === 'number' && typeof whole === 'number') data[accuracy] = part / whole;
  }
  return { sequence: row.sequence, type: row.type, data };
}
