import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { Gauge } from 'prom-client';
import { experimentStates } from '../../../schemas/experiment.ts';
import { trialStates } from '../../../schemas/stage.ts';

/** Gauges that ask Postgres and the queue when they are scraped. */
export default fp(
  async (app: FastifyInstance) => {
    const { prisma } = app.database;
    const registers = [app.metrics];
    const states = async <State extends string>(
      gauge: Gauge<'state'>,
      known: readonly State[],
      groups: Promise<readonly { state: State; _count: number }[]>,
    ) => {
      const counts = new Map((await groups).map(({ state, _count }) => [state, _count]));
      for (const state of known) gauge.set({ state }, counts.get(state) ?? 0);
    };
    new Gauge({
      name: 'bitkiln_experiments',
      help: 'Experiments by state',
      labelNames: ['state'],
      registers,
      async collect() {
        const groups = prisma.experiment.groupBy({ by: ['state'], _count: true });
        await states(this, experimentStates, groups);
      },
    });
    new Gauge({
      name: 'bitkiln_trials',
      help: 'Trials by state',
      labelNames: ['state'],
      registers,
      async collect() {
        const groups = prisma.trial.groupBy({ by: ['state'], _count: true });
        await states(this, trialStates, groups);
      },
    });
    new Gauge({
      name: 'bitkiln_workers',
      help: 'Workers by state',
      labelNames: ['state'],
      registers,
      async collect() {
        const groups = prisma.worker.groupBy({ by: ['state'], _count: true });
        await states(this, ['online', 'draining', 'retired', 'lost'], groups);
      },
    });
    new Gauge({
      name: 'bitkiln_epochs_recorded',
      help: 'Epochs of all experiments in Postgres',
      registers,
      async collect() {
        const { _sum } = await prisma.experiment.aggregate({ _sum: { epochsDone: true } });
        this.set(_sum.epochsDone ?? 0);
      },
    });
    new Gauge({
      name: 'bitkiln_outbox_entries',
      help: 'Committed wake-ups that the queue has not been told of',
      registers,
      async collect() {
        this.set(await prisma.outboxEntry.count());
      },
    });
    new Gauge({
      name: 'bitkiln_queue_jobs',
      help: 'Jobs in the queue',
      labelNames: ['queue', 'state'],
      registers,
      async collect() {
        this.reset();
        for (const { queue, waiting, active } of await app.queue.counts()) {
          this.set({ queue, state: 'waiting' }, waiting);
          this.set({ queue, state: 'active' }, active);
        }
      },
    });
  },
  { name: 'life-cycle-metrics', dependencies: ['database', 'prometheus'] },
);
