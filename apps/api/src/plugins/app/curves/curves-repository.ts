import type { StageName } from '@bitkiln/core';
import type { Database } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Curves } from '../../../schemas/curves.ts';

declare module 'fastify' {
  interface FastifyInstance {
    curves: ReturnType<typeof createCurvesRepository>;
  }
}

/** Reads the learning curves of whole stages. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate('curves', createCurvesRepository(app.database));
  },
  { name: 'curves', dependencies: ['database'] },
);

interface CurveRow {
  readonly id: string;
  readonly trial_index: number;
  readonly state: Curves['trials'][number]['state'];
  readonly attempt: number;
  readonly epochs_done: number;
  readonly score: number | null;
  readonly invalid: boolean;
  readonly best_loss: number | null;
  readonly best_loss_epoch: number | null;
  readonly best_loss_correct: number | null;
  readonly best_correct: number | null;
  readonly best_correct_epoch: number | null;
  readonly best_correct_loss: number | null;
  readonly validation_total: number | null;
  readonly epochs: number[];
  readonly losses: number[];
  readonly corrects: number[];
}

function createCurvesRepository({ prisma }: Database) {
  return {
    /** The curves of a stage thinned to about `points` epochs in all, or null where there is no such experiment. */
    async find(experimentId: string, stageName: StageName, points: number): Promise<Curves | null> {
      // The event sequence first: what is read after it may be newer, but never older.
      const stage = await prisma.stage.findUnique({
        where: { experimentId_name: { experimentId, name: stageName } },
        include: { experiment: { select: { eventSequence: true } } },
      });
      if (stage === null) return null;
      const step = Math.max(1, Math.ceil((stage.trialCount * stage.epochs) / points));
      const rows = await prisma.$queryRaw<CurveRow[]>`
        select t.id::text, t.trial_index, t.state::text as state, t.attempt, t.epochs_done, t.score,
          t.invalidated_at is not null as invalid,
          t.best_loss, t.best_loss_epoch, t.best_loss_correct,
          t.best_correct, t.best_correct_epoch, t.best_correct_loss, t.validation_total,
          coalesce(e.epochs, '{}') as epochs, coalesce(e.losses, '{}') as losses,
          coalesce(e.corrects, '{}') as corrects
        from trials t
        left join lateral (
          select array_agg(epoch order by epoch) as epochs,
            array_agg(validation_loss order by epoch) as losses,
            array_agg(validation_correct order by epoch) as corrects
          from epochs
          where trial_id = t.id
            and (epoch % ${step}::int = 0 or epoch in (t.best_loss_epoch, t.best_correct_epoch, t.epochs_done - 1))
        ) e on true
        where t.stage_id = ${stage.id}::uuid and t.repeat_of is null
        order by t.trial_index`;
      const repeats = await prisma.trial.count({ where: { stageId: stage.id, repeatOf: { not: null } } });
      return {
        experimentId,
        stage: stageName,
        step,
        lastEventId: stage.experiment.eventSequence,
        trials: rows.map(toCurve),
        repeats,
      };
    },
  };
}

function toCurve(row: CurveRow): Curves['trials'][number] {
  const total = row.validation_total ?? 1;
  return {
    id: row.id,
    index: row.trial_index,
    state: row.state,
    attempts: row.attempt,
    epochsDone: row.epochs_done,
    lowestLoss: mark(row.best_loss_epoch, row.best_loss, row.best_loss_correct, total),
    highestAccuracy: mark(row.best_correct_epoch, row.best_correct_loss, row.best_correct, total),
    score: row.score,
    invalid: row.invalid,
    epochs: row.epochs,
    // Six digits are finer than any screen, and half the bytes.
    losses: row.losses.map((loss) => Number(loss.toPrecision(6))),
    accuracies: row.corrects.map((correct) => correct / total),
  };
}

function mark(epoch: number | null, loss: number | null, correct: number | null, total: number) {
  if (epoch === null || loss === null || correct === null) return null;
  return { epoch, validationLoss: loss, validationAccuracy: correct / total };
}
