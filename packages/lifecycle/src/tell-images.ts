import { appendEvent } from './append-event.ts';
import type { Database } from './database.ts';
import { lockExperiment } from './evaluation.ts';
import type { EventData } from './events.ts';
import { inTransaction } from './transaction.ts';

/** As far back as a repeated word is looked for. */
const recent = 20;

/**
 * Tells an experiment's followers how the making of its images goes. Several attempts wait for the same images: what
 * one has just told is not told again. Of an experiment that is over nothing more is told.
 */
export function tellImages(
  database: Database,
  experimentId: string,
  progress: EventData['images.preparing'],
): Promise<void> {
  return inTransaction(database, async (transaction) => {
    const experiment = await lockExperiment(transaction, experimentId);
    if (experiment === null || !['queued', 'running', 'evaluating'].includes(experiment.state)) return;
    const { workerId, ...words } = progress;
    const told = await transaction.query(
      `SELECT FROM events
        WHERE experiment_id = $1 AND type = 'images.preparing' AND data - 'workerId' = $2::jsonb
          AND sequence > (SELECT event_sequence FROM experiments WHERE id = $1) - $3::int`,
      [experimentId, JSON.stringify(words), recent],
    );
    if (told.rowCount === 0) await appendEvent(transaction, experimentId, 'images.preparing', progress);
  });
}
