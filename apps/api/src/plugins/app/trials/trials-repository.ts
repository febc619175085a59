import type { StageName } from '@bitkiln/core';
import type { Database, TrialState } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { z } from 'zod';
import { readCursor, writeCursor } from '../../../cursor.ts';
import type { Epoch, Trial, TrialDetail, TrialSort } from '../../../schemas/trial.ts';
import { type Page, splitPage } from '../page.ts';
import { type TrialPosition, trialOrders, trialPosition } from './trial-order.ts';
import {
  type CheckpointRow,
  type TrialRow,
  toEpoch,
  toTrial,
  toTrialDetail,
  trialDetailInclude,
  trialInclude,
  type WorkersOnline,
} from './trial-row.ts';

declare module 'fastify' {
  interface FastifyInstance {
    trials: ReturnType<typeof createTrialsRepository>;
  }
}

/** Reads trials and their epochs. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('trials', createTrialsRepository(app.database));
  },
  { name: 'trials', dependencies: ['database'] },
);

interface ListOptions {
  readonly experiment?: string | undefined;
  readonly stage?: StageName | undefined;
  readonly state?: TrialState | undefined;
  readonly repeatOf?: string | undefined;
  readonly sort: TrialSort;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const epochOrder = 'epoch';
const epochPosition = z.tuple([z.int()]);

function createTrialsRepository({ prisma }: Database) {
  return {
    /** A page of trials; in an order by value those without one come last. */
    async list(options: ListOptions): Promise<Page<Trial>> {
      const { sort, limit, cursor } = options;
      const { value } = trialOrders[sort];
      const behind = cursor === undefined ? null : readCursor(sort, trialPosition, cursor);
      const { items, last } = splitPage(await rowsBehind(options, behind), limit);
      const online = await workersOnline();
      return {
        items: items.map((row) => toTrial(row, online)),
        nextCursor: last === undefined ? null : writeCursor(sort, [value(last), last.id]),
      };
    },

    /** The trial with its attempts and checkpoints, or null. */
    async find(id: string): Promise<TrialDetail | null> {
      const row = await prisma.trial.findUnique({ where: { id }, include: trialDetailInclude });
      if (row === null) return null;
      const checkpoints = await prisma.$queryRaw<CheckpointRow[]>`
        select kind::text as kind, epochs_done, steps, sha256, saved_at,
          (octet_length(parameters) + coalesce(octet_length(first_moment), 0)
            + coalesce(octet_length(second_moment), 0))::int as size_bytes
        from checkpoints where trial_id = ${id}::uuid order by checkpoints.kind`;
      return toTrialDetail(row, checkpoints, await workersOnline());
    },

    async exists(id: string): Promise<boolean> {
      return (await prisma.trial.findUnique({ where: { id }, select: { id: true } })) !== null;
    },

    /** A page of a trial's epochs in order. */
    async epochs(id: string, limit: number, cursor?: string): Promise<Page<Epoch>> {
      const [after] = cursor === undefined ? [-1] : readCursor(epochOrder, epochPosition, cursor);
      const rows = await prisma.epoch.findMany({
        where: { trialId: id, epoch: { gt: after } },
        orderBy: { epoch: 'asc' },
        take: limit + 1,
      });
      const { items, last } = splitPage(rows, limit);
      return {
        items: items.map(toEpoch),
        nextCursor: last === undefined ? null : writeCursor(epochOrder, [last.epoch]),
      };
    },
  };

  async function workersOnline(): Promise<WorkersOnline> {
    const groups = await prisma.worker.groupBy({
      by: ['numericsId'],
      where: { state: 'online' },
      _count: true,
    });
    const counts = new Map(groups.map(({ numericsId, _count }) => [numericsId, _count]));
    const all = groups.reduce((sum, { _count }) => sum + _count, 0);
    return (numericsId) => (numericsId === null ? all : (counts.get(numericsId) ?? 0));
  }

  async function rowsBehind(
    { experiment, stage, state, repeatOf, sort, limit }: ListOptions,
    behind: TrialPosition | null,
  ): Promise<TrialRow[]> {
    const filter = {
      repeatOf: repeatOf ?? null,
      ...(experiment === undefined ? {} : { experimentId: experiment }),
      ...(stage === undefined ? {} : { stageName: stage }),
      ...(state === undefined ? {} : { state }),
    };
    const { runs } = trialOrders[sort];
    const first = runs.length > 1 && behind !== null && behind[0] === null ? 1 : 0;
    const rows: TrialRow[] = [];
    for (const [i, run] of runs.entries()) {
      if (i < first || rows.length > limit) continue;
      const found = await prisma.trial.findMany({
        where: { AND: [filter, run.where(i === first ? behind : null)] },
        include: trialInclude,
        orderBy: run.orderBy,
        take: limit + 1 - rows.length,
      });
      rows.push(...found);
    }
    return rows;
  }
}
