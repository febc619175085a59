import type { DataProgress } from '@bitkiln/datasets';
import { type Database, tellImages } from '@bitkiln/lifecycle';
import type { Logger } from 'pino';

/** Between two reports of one phase. */
const leastMs = 3000;

export interface ProgressContext {
  readonly database: Database;
  readonly log: Logger;
  readonly workerId: string;
  readonly experimentId: string;
}

/**
 * Tells the experiment's followers how the making of images goes, and logs it: each phase as it begins, whatever is
 * noted, and every few seconds how far it is.
 */
export function tellProgress({
  database,
  log,
  workerId,
  experimentId,
}: ProgressContext): (progress: DataProgress) => void {
  let phase: DataProgress['phase'] | null = null;
  let toldAt = 0;
  // One after another, so that they are told in their order.
  let told = Promise.resolve();
  return (progress) => {
    const now = performance.now();
    if (progress.phase === phase && progress.note === undefined && now - toldAt < leastMs) return;
    phase = progress.phase;
    toldAt = now;
    log.info(progress, 'preparing images');
    // The one that builds tells of it itself.
    if (phase === 'waiting for another builder') return;
    told = told
      .then(() => tellImages(database, experimentId, { workerId, ...progress }))
      .catch((error) => log.warn({ err: error }, 'progress could not be told'));
  };
}
