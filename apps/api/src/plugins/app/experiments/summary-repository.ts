import { type Database, Prisma } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Spread, Summary } from '../../../schemas/experiment.ts';

declare module 'fastify' {
  interface FastifyInstance {
    summaries: ReturnType<typeof createSummaryRepository>;
  }
}

/** Reads how the trials of an experiment spread. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('summaries', createSummaryRepository(app.database));
  },
  { name: 'summaries', dependencies: ['database'] },
);

interface SpreadRow {
  readonly minimum: number;
  readonly quartiles: readonly [number, number, number];
  readonly maximum: number;
  readonly mean: number;
  readonly deviation: number;
}

interface StageRow {
  readonly stage: string;
  readonly trials: number;
  readonly loss: SpreadRow;
  readonly accuracy: SpreadRow;
  readonly best_accuracy: SpreadRow;
}

/** Quartiles interpolate between neighbours, as NumPy's default does. */
function spreadOf(value: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`json_build_object(
    'minimum', min(${value}),
    'quartiles', percentile_cont(array[0.25, 0.5, 0.75]) within group (order by ${value}),
    'maximum', max(${value}),
    'mean', avg(${value}),
    'deviation', stddev_pop(${value}))`;
}

function createSummaryRepository({ prisma }: Database) {
  return {
    /** The spreads of an experiment's stages in order; no stages where there is no such experiment. */
    async find(experimentId: string): Promise<Summary['stages']> {
      const rows = await prisma.$queryRaw<StageRow[]>`
        select s.name::text as stage, count(t.id)::int as trials,
          ${spreadOf(Prisma.sql`t.best_loss`)} as loss,
          ${spreadOf(Prisma.sql`t.best_loss_correct::float8 / t.validation_total`)} as accuracy,
          ${spreadOf(Prisma.sql`t.best_correct::float8 / t.validation_total`)} as best_accuracy
        from stages s
        left join trials t on t.experiment_id = ${experimentId}::uuid and t.stage_id = s.id and t.state = 'succeeded'
          and t.repeat_of is null and t.invalidated_at is null
        where s.experiment_id = ${experimentId}::uuid
        group by s.id
        order by s.position`;
      return rows.map((row) => ({
        stage: row.stage,
        trials: row.trials,
        loss: row.trials === 0 ? null : toSpread(row.loss),
        accuracy: row.trials === 0 ? null : toSpread(row.accuracy),
        bestAccuracy: row.trials === 0 ? null : toSpread(row.best_accuracy),
      }));
    },
  };
}

function toSpread({ minimum, quartiles, maximum, mean, deviation }: SpreadRow): Spread {
  const [lowerQuartile, median, upperQuartile] = quartiles;
  return { minimum, lowerQuartile, median, upperQuartile, maximum, mean, standardDeviation: deviation };
}
