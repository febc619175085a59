import pg from 'pg';

export interface HistorySize {
  /** Experiments that are over, of 1,000 trials each. */
  readonly experiments: number;
  readonly epochsPerTrial: number;
}

/** What is the same whatever lies beside it. */
export interface GeneratedHistory {
  /** An experiment under way: 600 trials done, 20 running, 380 waiting. */
  readonly liveId: string;
  readonly workerId: string;
  readonly trials: number;
  readonly epochs: number;
}

const trialsPerExperiment = 1000;
const workerId = '01900000-0000-7000-8000-ffffffffffff';

/** SQL for the id of the n-th thing of a kind; ids are in the order of n, as time-ordered ones are. */
const id = (kind: string, n: string) =>
  `('01900000-000${kind}-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

/** SQL for a number in [0, 1) that differs from row to row and not from run to run. */
const spread = (n: string) => `((((${n})::bigint * 7919) % 10007) / 10007.0)`;

/**
 * Fills a migrated database with the history of finished experiments and, last, one under way. Rows are what the life
 * cycle would have written, figures apart; keys, checks and triggers hold.
 */
export async function generateHistory(databaseUrl: string, size: HistorySize): Promise<GeneratedHistory> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { epochsPerTrial } = size;
  const count = size.experiments + 1;
  const live = `n = ${count}`;
  // Of the live experiment the first 600 are done, the next 20 run.
  const done = `(e < ${count} OR i < 600)`;
  const state = `CASE WHEN ${done} THEN 'succeeded' WHEN i < 620 THEN 'running' ELSE 'queued' END`;
  try {
    await client.query('SET synchronous_commit = off');
    await client.query(
      `INSERT INTO workers (id, host, pid, device, numerics_id, version, state)
       VALUES ($1, 'bench', 1, 'cpu:0', 'no-op/1/benchmark', '0.1.0', 'retired') ON CONFLICT DO NOTHING`,
      [workerId],
    );
    await client.query(`
      INSERT INTO experiments (id, name, state, dataset, augmentation, network, input_rows, input_cols, input_channels,
                               classes, strategy, budget_bytes, weight_bytes, activation_bytes, seed, epochs_total,
                               epochs_done, trained_ms, started_at, finished_at)
      SELECT ${id('e', 'n')}, 'generated ' || n, (CASE WHEN ${live} THEN 'running' ELSE 'succeeded' END)::experiment_state,
             'mnist', 'none', 'A(4,4) S(10)', 28, 28, 1, 10, 'herringbone', 2048, 1000, 400, n,
             ${trialsPerExperiment * epochsPerTrial + 4},
             CASE WHEN ${live} THEN 600 ELSE ${trialsPerExperiment} END * ${epochsPerTrial},
             1e6, now(), CASE WHEN ${live} THEN NULL ELSE now() END
        FROM generate_series(1, ${count}) AS n`);
    for (const [position, name] of ['float', 'movingScales', 'frozenScales'].entries()) {
      await client.query(`
        INSERT INTO stages (id, experiment_id, name, position, state, trial_count, epochs, batch_size,
                            learning_rate_initial, learning_rate_decay, learning_rate_minimum, succeeded_trials,
                            epochs_done, started_at)
        SELECT ${id(`${position + 1}`, 'n')}, ${id('e', 'n')}, '${name}',
               ${position}, (CASE WHEN ${position} = 0 THEN CASE WHEN ${live} THEN 'running' ELSE 'succeeded' END
                             ELSE 'waiting' END)::stage_state,
               ${position === 0 ? trialsPerExperiment : 1}, ${position === 0 ? epochsPerTrial : 2}, 1024, 0.005, 0.98, 1e-4,
               ${position === 0 ? `CASE WHEN ${live} THEN 600 ELSE ${trialsPerExperiment} END` : 0},
               ${position === 0 ? `CASE WHEN ${live} THEN 600 ELSE ${trialsPerExperiment} END * ${epochsPerTrial}` : 0}, now()
          FROM generate_series(1, ${count}) AS n`);
    }
    // So that a page of experiments is full in either case; older than the others.
    await client.query(`
      INSERT INTO experiments (id, name, state, dataset, augmentation, network, input_rows, input_cols, input_channels,
                               classes, strategy, budget_bytes, weight_bytes, activation_bytes, seed, epochs_total,
                               finished_at)
      SELECT ${id('0', 'n')}, 'cancelled ' || n, 'cancelled', 'mnist', 'none', 'A(4,4) S(10)', 28, 28, 1, 10,
             'herringbone', 2048, 1000, 400, n, 4, now()
        FROM generate_series(1, 60) AS n`);
    await client.query(`
      INSERT INTO stages (id, experiment_id, name, position, state, trial_count, epochs, batch_size,
                          learning_rate_initial, learning_rate_decay, learning_rate_minimum)
      SELECT ('01900000-000' || position || '-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, ${id('0', 'n')},
             (enum_range(NULL::stage_name))[position], position - 1, 'cancelled', 1, 1, 1024, 0.005, 0.98, 1e-4
        FROM generate_series(1, 60) AS n, generate_series(1, 3) AS position`);
    const numbers = `generate_series(1, ${count}) AS e, generate_series(0, ${trialsPerExperiment - 1}) AS i,
                     LATERAL (SELECT (e - 1) * ${trialsPerExperiment} + i AS n) AS number`;
    await client.query(`
      INSERT INTO trials (id, experiment_id, stage_id, stage_name, trial_index, state, numerics_id, reproducible, attempt,
                          epochs_done, trained_ms, validation_total, best_loss, best_loss_epoch, best_loss_correct,
                          best_correct, best_correct_epoch, best_correct_loss, started_at, finished_at, turn)
      SELECT ${id('4', 'n')}, ${id('e', 'e')}, ${id('1', 'e')}, 'float', i, (${state})::trial_state,
             CASE WHEN ${done} OR i < 620 THEN 'no-op/1/benchmark' END, ${done} OR NULL,
             CASE WHEN ${done} OR i < 620 THEN 1 ELSE 0 END,
             CASE WHEN ${done} THEN ${epochsPerTrial} ELSE 0 END, 1000, CASE WHEN ${done} THEN 10000 END,
             CASE WHEN ${done} THEN 0.1 + ${spread('n')} END, CASE WHEN ${done} THEN 3 END, CASE WHEN ${done} THEN 9000 END,
             CASE WHEN ${done} THEN (9000 + 900 * ${spread('n * 31')})::int END, CASE WHEN ${done} THEN 3 END,
             CASE WHEN ${done} THEN 0.2 END, now(), CASE WHEN ${done} THEN now() END, 10 * i
        FROM ${numbers}`);
    await client.query(`
      INSERT INTO attempts (trial_id, number, worker_id, state, start_epoch, epochs_done, lease_expires_at, ended_at)
      SELECT ${id('4', 'n')}, 1, '${workerId}', (CASE WHEN ${done} THEN 'succeeded' ELSE 'running' END)::attempt_state, 0,
             CASE WHEN ${done} THEN ${epochsPerTrial} ELSE 0 END, now() + interval '1 day',
             CASE WHEN ${done} THEN now() END
        FROM ${numbers} WHERE ${done} OR i < 620`);
    await client.query(`
      INSERT INTO epochs (trial_id, epoch, attempt, learning_rate, train_loss, validation_loss, validation_correct,
                          validation_total, duration_ms)
      SELECT ${id('4', 'n')}, epoch, 1, 0.001, 0.5, 0.4 + ${spread('n + epoch')}, 9000, 10000, 10
        FROM ${numbers}, generate_series(0, ${epochsPerTrial - 1}) AS epoch WHERE ${done}`);
    await client.query('VACUUM (ANALYZE)');
    const liveId = await client.query<{ id: string }>(`SELECT ${id('e', `${count}`)} AS id`);
    const rows = await client.query<{ trials: number; epochs: number }>(
      'SELECT (SELECT count(*)::int FROM trials) AS trials, (SELECT count(*)::int FROM epochs) AS epochs',
    );
    return { liveId: liveId.rows[0]!.id, workerId, ...rows.rows[0]! };
  } finally {
    await client.end();
  }
}
