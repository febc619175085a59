import type pg from 'pg';

/** Trials of the float stage that are left to be trained. */
export const waitingTrials = 20;

/**
 * Gives the float stage of an experiment, all but its last trials, the rows of finished trials: every epoch, what is
 * derived from them, and the stage's counts. What no page reads (attempts, checkpoints, events) is left out.
 */
export async function fillFloatStage(database: pg.Client, experimentId: string): Promise<void> {
  await database.query(
    `insert into epochs (trial_id, epoch, attempt, learning_rate, train_loss, validation_loss, validation_correct,
                         validation_total, duration_ms)
     select t.id, e, 1, 0.005, 0.5 / (1 + e) + 0.02, 0.5 / (1 + e) + 0.03 + 0.01 * random(),
            9850 - (600 / (1 + e))::int - (random() * 40)::int, 10000, 900
       from stages s
       join trials t on t.stage_id = s.id and t.trial_index < s.trial_count - $2::int,
       generate_series(0, s.epochs - 1) e
      where s.experiment_id = $1 and s.name = 'float'`,
    [experimentId, waitingTrials],
  );
  // Arrays compare from their first element on: the least has the lowest loss, the greatest the most correct images.
  await database.query(
    `update trials t
        set state = 'succeeded', numerics_id = 'kiln/1/simd=plain', reproducible = true, attempt = 1,
            epochs_done = epochs, trained_ms = epochs * 900, validation_total = 10000, started_at = now(),
            finished_at = now(), dispatched_at = null,
            best_loss = lowest[1], best_loss_epoch = lowest[2]::int, best_loss_correct = lowest[3]::int,
            best_correct = highest[1]::int, best_correct_epoch = -highest[2]::int, best_correct_loss = highest[3]
       from (select trial_id, count(*)::int as epochs,
                    min(array[validation_loss, epoch, validation_correct]) as lowest,
                    max(array[validation_correct, -epoch, validation_loss]) as highest
               from epochs where trial_id in (select id from trials where experiment_id = $1) group by trial_id) best
      where t.id = trial_id`,
    [experimentId],
  );
  await database.query(
    `with done as (
       update stages set state = 'running', started_at = now(), succeeded_trials = trial_count - $2::int,
              epochs_done = (trial_count - $2::int) * epochs, trained_ms = (trial_count - $2::int) * epochs * 900
        where experiment_id = $1 and name = 'float' returning epochs_done)
     update experiments set state = 'running', started_at = now(), epochs_done = done.epochs_done,
            trained_ms = done.epochs_done * 900
       from done where id = $1`,
    [experimentId, waitingTrials],
  );
  await database.query('analyze');
}
