import type { Database, ExperimentState, Prisma } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { z } from 'zod';
import { readCursor, writeCursor } from '../../../cursor.ts';
import type { Experiment, ExperimentBrief } from '../../../schemas/experiment.ts';
import { type Page, splitPage } from '../page.ts';
import { experimentInclude, type TrialCounts, toExperimentBrief, toStage } from './experiment-row.ts';

declare module 'fastify' {
  interface FastifyInstance {
    experiments: ReturnType<typeof createExperimentsRepository>;
  }
}

/** Reads experiments. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('experiments', createExperimentsRepository(app.database));
  },
  { name: 'experiments', dependencies: ['database'] },
);

const order = 'newest';
const position = z.tuple([z.uuid()]);

interface ListOptions {
  readonly state?: ExperimentState | undefined;
  readonly paused?: 'yes' | 'no' | undefined;
  readonly search?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

function createExperimentsRepository({ prisma }: Database) {
  return {
    /** A page of experiments, newest first (their ids are in the order of their time). */
    async list({ state, paused, search, limit, cursor }: ListOptions): Promise<Page<ExperimentBrief>> {
      const [after] = cursor === undefined ? [undefined] : readCursor(order, position, cursor);
      const rows = await prisma.experiment.findMany({
        where: {
          ...(state === undefined ? {} : { state }),
          ...(paused === undefined ? {} : { [paused === 'yes' ? 'AND' : 'NOT']: underPause }),
          ...(search === undefined ? {} : matching(search)),
          ...(after === undefined ? {} : { id: { lt: after } }),
        },
        include: experimentInclude,
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      const { items, last } = splitPage(rows, limit);
      const slots = await slotsOf(items.map(({ id }) => id));
      return {
        items: items.map((row) => toExperimentBrief(row, slots(row.id))),
        nextCursor: last === undefined ? null : writeCursor(order, [last.id]),
      };
    },

    /** These experiments, in no order; ids without one are left out. */
    async findBriefs(ids: readonly string[]): Promise<ExperimentBrief[]> {
      const rows = await prisma.experiment.findMany({
        where: { id: { in: [...ids] } },
        include: experimentInclude,
      });
      const slots = await slotsOf(ids);
      return rows.map((row) => toExperimentBrief(row, slots(row.id)));
    },

    /** Newest events of the experiments that are under way, in which a trial is repeated, or where that ended after `since`. */
    async findSequences(since: Date): Promise<Map<string, number>> {
      const rows = await prisma.experiment.findMany({
        where: {
          OR: [
            { state: { in: ['queued', 'running', 'evaluating'] } },
            { finishedAt: { gte: since } },
            { id: { in: await withRepeats(since) } },
          ],
        },
        select: { id: true, eventSequence: true },
      });
      return new Map(rows.map(({ id, eventSequence }) => [id, eventSequence]));
    },

    /** The experiment with its stages, or null. */
    async find(id: string): Promise<Experiment | null> {
      // The row first: its event sequence must not be newer than the counts, or a follower would miss a change.
      const row = await prisma.experiment.findUnique({ where: { id }, include: experimentInclude });
      if (row === null) return null;
      const [slots, counts] = await Promise.all([slotsOf([id]), trialCounts(id)]);
      return {
        ...toExperimentBrief(row, slots(id)),
        dataHash: row.dataHash,
        lastEventId: row.eventSequence,
        stages: row.stages.map((stage) => toStage(stage, counts.get(stage.id) ?? noTrials())),
      };
    },

    /** State and newest event of an experiment, or null. */
    async findState(id: string): Promise<{ state: ExperimentState; eventSequence: number } | null> {
      return prisma.experiment.findUnique({ where: { id }, select: { state: true, eventSequence: true } });
    },
  };

  async function withRepeats(since: Date): Promise<string[]> {
    const repeats = await prisma.trial.findMany({
      where: {
        repeatOf: { not: null },
        OR: [{ state: { in: ['queued', 'running', 'preempted'] } }, { finishedAt: { gte: since } }],
      },
      select: { experimentId: true },
      distinct: ['experimentId'],
    });
    return repeats.map(({ experimentId }) => experimentId);
  }

  /** How many trials of each experiment train at once: those that run now, or its share of the workers online. */
  async function slotsOf(ids: readonly string[]): Promise<(id: string) => number> {
    const [running, workers, experiments] = await Promise.all([
      prisma.trial.groupBy({
        by: ['experimentId'],
        where: { experimentId: { in: [...ids] }, state: 'running' },
        _count: true,
      }),
      prisma.worker.count({ where: { state: 'online' } }),
      prisma.experiment.count({ where: { state: 'running' } }),
    ]);
    const counts = new Map(running.map((group) => [group.experimentId, group._count]));
    const share = Math.ceil(workers / Math.max(1, experiments));
    return (id) => Math.max(counts.get(id) ?? 0, share);
  }

  async function trialCounts(experimentId: string): Promise<Map<string, TrialCounts>> {
    const groups = await prisma.trial.groupBy({
      by: ['stageId', 'state'],
      where: { experimentId, repeatOf: null },
      _count: true,
    });
    const counts = new Map<string, TrialCounts>();
    for (const { stageId, state, _count } of groups) {
      const stage = counts.get(stageId) ?? noTrials();
      stage[state] = _count;
      counts.set(stageId, stage);
    }
    return counts;
  }
}

/** One that has ended while it was paused is over, not paused. */
const underPause: Prisma.ExperimentWhereInput = { pausedAt: { not: null }, finishedAt: null };

/** Experiments with a text in their name or network, upper and lower case alike. */
function matching(search: string): Prisma.ExperimentWhereInput {
  // In Postgres's patterns % and _ stand for anything; here they stand for themselves.
  const contains = search.replace(/[\\%_]/g, '\\$&');
  return {
    OR: [{ name: { contains, mode: 'insensitive' } }, { network: { contains, mode: 'insensitive' } }],
  };
}

function noTrials(): TrialCounts {
  return { queued: 0, running: 0, preempted: 0, succeeded: 0, failed: 0, cancelled: 0 };
}
