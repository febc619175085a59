import type { EventData, EventType } from './events.ts';
import type { Transaction } from './transaction.ts';

/**
 * Adds to an experiment's history. The number is drawn under the experiment's row lock, which holds until the
 * commit: whoever has read number n has read all before it. Call it late, so that the lock is short.
 */
export async function appendEvent<T extends EventType>(
  transaction: Transaction,
  experimentId: string,
  type: T,
  data: EventData[T],
): Promise<void> {
  await transaction.query(
    `WITH numbered AS (
       UPDATE experiments SET event_sequence = event_sequence + 1 WHERE id = $1 RETURNING event_sequence
     )
     INSERT INTO events (experiment_id, sequence, type, data)
     SELECT $1, event_sequence, $2, $3 FROM numbered`,
    [experimentId, type, JSON.stringify(data)],
  );
}
