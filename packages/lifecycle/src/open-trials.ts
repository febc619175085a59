import type { Transaction } from './transaction.ts';

/** SQL list of the states of a trial that isn't over. */
export const openStates = `('queued', 'running', 'preempted')`;

/**
 * Locks an experiment's trials that aren't over, by id as every transition does, until the transaction ends.
 *
 * @returns how many there are: fewer than a later count where a stage started in between.
 */
export async function lockOpenTrials(transaction: Transaction, experimentId: string): Promise<number> {
  const locked = await transaction.query(
    `SELECT id FROM trials WHERE experiment_id = $1 AND state IN ${openStates} ORDER BY id FOR NO KEY UPDATE`,
    [experimentId],
  );
  return locked.rowCount ?? 0;
}

export async function countOpenTrials(transaction: Transaction, experimentId: string): Promise<number> {
  const found = await transaction.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM trials WHERE experiment_id = $1 AND state IN ${openStates}`,
    [experimentId],
  );
  return found.rows[0]!.count;
}
