import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

export interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly failure_reason: string | null;
  readonly event_sequence: number;
  readonly epochs_done: number;
  readonly epochs_total: number;
  /** Everything that decides the bytes, as one text. */
  readonly task: string;
}

export interface StageRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly trial_count: number;
  readonly epochs: number;
  readonly succeeded_trials: number;
  readonly failed_trials: number;
  readonly epochs_done: number;
  readonly picked_trial_id: string | null;
}

export interface TrialRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly stage_id: string;
  readonly stage_name: string;
  readonly trial_index: number;
  readonly state: string;
  readonly attempt: number;
  readonly epochs_done: number;
}

export interface AttemptRow {
  readonly trial_id: string;
  readonly number: number;
  readonly state: string;
  readonly start_epoch: number;
  readonly epochs_done: number;
}

export interface EpochRow {
  readonly trial_id: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly train_loss: number;
  readonly validation_loss: number;
  readonly validation_correct: number;
}

export interface EventRow {
  readonly experiment_id: string;
  readonly sequence: number;
  readonly type: string;
  readonly data: {
    readonly trialId?: string;
    readonly stage?: string;
    readonly epoch?: number;
    readonly attempt?: number;
  };
}

export interface ModelRow {
  readonly experiment_id: string;
  readonly trial_id: string;
  readonly json: Buffer;
  readonly h5: Buffer;
}

export interface CheckpointRow {
  readonly trial_id: string;
  readonly kind: string;
  readonly sha256: string;
}

/** A line of a worker's log. */
export interface LogLine {
  readonly msg: string;
  readonly trial?: string;
  readonly experiment?: string;
  readonly attempt?: number;
  readonly epoch?: number;
  readonly validationLoss?: number;
}

export interface Submission {
  readonly key: string;
  readonly experimentId: string;
}

/** All that a run left behind. */
export interface History {
  readonly experiments: readonly ExperimentRow[];
  readonly stages: readonly StageRow[];
  readonly trials: readonly TrialRow[];
  readonly attempts: readonly AttemptRow[];
  readonly epochs: readonly EpochRow[];
  /** In order within each experiment. */
  readonly events: readonly EventRow[];
  readonly models: readonly ModelRow[];
  readonly checkpoints: readonly CheckpointRow[];
  readonly selections: readonly { readonly stage_id: string }[];
  readonly logs: readonly LogLine[];
  readonly submissions: readonly Submission[];
}

const queries = {
  experiments: `
    SELECT e.id, e.name, e.state, e.failure_reason, e.event_sequence, e.epochs_done, e.epochs_total,
           concat_ws(' ', e.dataset, e.augmentation, e.network, e.strategy, e.seed,
             (SELECT string_agg(concat_ws(' ', s.name, s.trial_count, s.epochs, s.batch_size, s.learning_rate_initial,
                                          s.learning_rate_decay, s.learning_rate_minimum), ', ' ORDER BY s.position)
                FROM stages s WHERE s.experiment_id = e.id)) AS task
      FROM experiments e`,
  stages: 'SELECT * FROM stages ORDER BY position',
  trials: 'SELECT * FROM trials ORDER BY trial_index',
  attempts: 'SELECT * FROM attempts ORDER BY trial_id, number',
  epochs: 'SELECT * FROM epochs ORDER BY trial_id, epoch',
  events: 'SELECT * FROM events ORDER BY experiment_id, sequence',
  models: 'SELECT * FROM models',
  checkpoints: 'SELECT trial_id, kind, sha256 FROM checkpoints',
  selections: 'SELECT stage_id FROM selections',
} as const;

/** @param folder of the run: `logs/` and submissions.jsonl; null reads the database alone */
export async function readHistory(databaseUrl: string, folder: string | null): Promise<History> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const rows: Record<string, unknown[]> = {};
    for (const [name, sql] of Object.entries(queries)) rows[name] = (await client.query(sql)).rows;
    const files = folder === null ? { logs: [], submissions: [] } : await readFiles(folder);
    return { ...rows, ...files } as unknown as History;
  } finally {
    await client.end();
  }
}

async function readFiles(folder: string): Promise<Pick<History, 'logs' | 'submissions'>> {
  const logs: LogLine[] = [];
  for (const name of await readdir(join(folder, 'logs'))) {
    if (name.startsWith('worker')) logs.push(...(await jsonLines<LogLine>(join(folder, 'logs', name))));
  }
  const submitted = join(folder, 'submissions.jsonl');
  return { logs, submissions: existsSync(submitted) ? await jsonLines<Submission>(submitted) : [] };
}

/** A killed process may leave half a line, and prints other things too. */
async function jsonLines<T>(path: string): Promise<T[]> {
  const parsed: T[] = [];
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      parsed.push(JSON.parse(line) as T);
    } catch {
      // Cut short by a kill.
    }
  }
  return parsed;
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
