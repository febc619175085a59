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

const order = 'audit';
const position = z.tuple([z.int()]);

function createAuditRepository({ prisma }: Database) {
  return {
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
