import type { Database } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { z } from 'zod';
import { readCursor, writeCursor } from '../../../cursor.ts';
import type { AuditEntry } from '../../../schemas/audit.ts';
import { type Page, splitPage } from '../page.ts';

declare module 'fastify' {
  interface FastifyInstance {
    audit: ReturnType<typeof createAuditRepository>;
  }
}

/** Reads who changed what. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('audit', createAuditRepository(app.database));
  },
  { name: 'audit', dependencies: ['database'] },
);

/** A request that changed something, as the live stream tells of it. */
export interface LateRequest {
  readonly experimentId: string;
  readonly deleted: boolean;
}

const order = 'audit';
const position = z.tuple([z.int()]);
/** More entries than are written between two looks; an entry may also be committed later than one with a higher number. */
const late = 1000;

function createAuditRepository({ prisma }: Database) {
  return {
    /** What was asked for since a time, and deletions of long ago too, among the newest entries; by the entry's number. */
    async late(since: Date): Promise<Map<number, LateRequest>> {
      const rows = await prisma.$queryRaw<{ id: bigint; experiment_id: string; deleted: boolean }[]>`
        select id, experiment_id::text, action = 'experiment.delete' as deleted from audit
         where id > (select coalesce(max(id), 0) from audit) - ${late}::int and experiment_id is not null
           and (action = 'experiment.delete' or at > ${since})
         order by id`;
      return new Map(
        rows.map(({ id, experiment_id: experimentId, deleted }) => [Number(id), { experimentId, deleted }]),
      );
    },

    /** A page of entries, newest first. */
    async list(experiment: string | undefined, limit: number, cursor?: string): Promise<Page<AuditEntry>> {
      const [before] = cursor === undefined ? [undefined] : readCursor(order, position, cursor);
      const rows = await prisma.auditEntry.findMany({
        where: {
          ...(experiment === undefined ? {} : { experimentId: experiment }),
          ...(before === undefined ? {} : { id: { lt: before } }),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      const { items, last } = splitPage(rows, limit);
      return {
        items: items.map((row) => ({
          ...row,
          id: Number(row.id),
          at: row.at.toISOString(),
          details: row.details as Record<string, unknown>,
        })),
        nextCursor: last === undefined ? null : writeCursor(order, [Number(last.id)]),
      };
    },
  };
}
