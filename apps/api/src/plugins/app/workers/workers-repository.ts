import type { Database, Prisma } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { z } from 'zod';
import { readCursor, writeCursor } from '../../../cursor.ts';
import type { Worker } from '../../../schemas/worker.ts';
import { type Page, splitPage } from '../page.ts';
import { trainerOf } from '../trials/trial-row.ts';

declare module 'fastify' {
  interface FastifyInstance {
    workers: ReturnType<typeof createWorkersRepository>;
  }
}

/** Reads the fleet. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('workers', createWorkersRepository(app.database));
  },
  { name: 'workers', dependencies: ['database'] },
);

const order = 'newest';
const position = z.tuple([z.uuid()]);
const mostPresent = 2000;

interface ListOptions {
  readonly state?: Worker['state'] | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

function createWorkersRepository({ prisma }: Database) {
  return {
    /** A page of workers, newest first. */
    async list({ state, limit, cursor }: ListOptions): Promise<Page<Worker>> {
      const [after] = cursor === undefined ? [undefined] : readCursor(order, position, cursor);
      const rows = await prisma.worker.findMany({
        where: {
          ...(state === undefined ? {} : { state }),
          ...(after === undefined ? {} : { id: { lt: after } }),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      const { items, last } = splitPage(rows, limit);
      return {
        items: items.map(toWorker),
        nextCursor: last === undefined ? null : writeCursor(order, [last.id]),
      };
    },

    /** What the workers online measured at their start, in samples a second. */
    async rates(): Promise<number[]> {
      const rows = await prisma.worker.findMany({
        where: { state: 'online', samplesPerSecond: { gt: 0 } },
        select: { samplesPerSecond: true },
      });
      return rows.map(({ samplesPerSecond }) => samplesPerSecond!);
    },

    /** The workers that are there, and those that gave a sign of life a little while ago. */
    async present(since: Date): Promise<Worker[]> {
      const rows = await prisma.worker.findMany({
        where: { OR: [{ state: { in: ['online', 'draining'] } }, { heartbeatAt: { gte: since } }] },
        orderBy: { id: 'desc' },
        take: mostPresent,
      });
      return rows.map(toWorker);
    },
  };
}

function toWorker(row: Prisma.WorkerModel): Worker {
  return {
    ...row,
    trainer: trainerOf(row.numericsId),
    startedAt: row.startedAt.toISOString(),
    heartbeatAt: row.heartbeatAt.toISOString(),
    retiredAt: row.retiredAt?.toISOString() ?? null,
  };
}
