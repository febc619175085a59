import type { Database } from '@bitkiln/lifecycle';
import { type OutgoingEvent, toEvent } from './event.ts';

/** Where a reader of an experiment's events stands. */
export interface Watched {
  readonly experimentId: string;
  readonly sequence: number;
}

interface EventRow {
  readonly experiment_id: string;
  readonly sequence: number;
  readonly type: string;
  readonly data: object;
  readonly created_at: Date;
}

export type EventsRepository = ReturnType<typeof createEventsRepository>;

export function createEventsRepository({ prisma }: Database) {
  return {
    /** Events of one experiment behind a sequence number, in order. */
    async behind({ experimentId, sequence }: Watched, limit: number): Promise<OutgoingEvent[]> {
      const rows = await prisma.event.findMany({
        where: { experimentId, sequence: { gt: sequence } },
        orderBy: { sequence: 'asc' },
        take: limit,
      });
      return rows.map(toEvent);
    },

    /** Those that are gone. */
    async deleted(watched: readonly Watched[]): Promise<string[]> {
      const ids = watched.map(({ experimentId }) => experimentId);
      const rows = await prisma.experiment.findMany({ where: { id: { in: ids } }, select: { id: true } });
      const present = new Set(rows.map(({ id }) => id));
      return ids.filter((id) => !present.has(id));
    },

    /** Events of many experiments in one query, in order, at most `limit` of each. */
    async behindAll(watched: readonly Watched[], limit: number): Promise<Map<string, OutgoingEvent[]>> {
      const ids = watched.map(({ experimentId }) => experimentId);
      const sequences = watched.map(({ sequence }) => sequence);
      const rows = await prisma.$queryRaw<EventRow[]>`
        select e.* from unnest(${ids}::uuid[], ${sequences}::int[]) as w (id, seen)
        cross join lateral (
          select experiment_id::text, sequence, type, data, created_at from events
          where experiment_id = w.id and sequence > w.seen
          order by sequence limit ${limit}
        ) e`;
      const events = new Map<string, OutgoingEvent[]>();
      for (const row of rows) {
        const list = events.get(row.experiment_id) ?? [];
        const { sequence, type, data, created_at: createdAt, experiment_id: experimentId } = row;
        list.push(toEvent({ experimentId, sequence, type, data: data as never, createdAt }));
        events.set(row.experiment_id, list);
      }
      return events;
    },
  };
}
