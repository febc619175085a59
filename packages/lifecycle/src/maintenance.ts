import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';
import type { JobQueue } from './queue/job-queue.ts';
import { isUpkeepDue, reconcile } from './reconcile.ts';
import { relayOutbox } from './relay-outbox.ts';
import type { ReconcileReport } from './types.ts';

/** Whoever commits a wake-up relays it at once; this is for those that crashed before they could. */
const relayEveryMs = 400;

const reconcileEveryMs = 300;

export interface MaintenanceOptions {
  /** Errors don't end the loop: it goes on once the database and the queue answer. */
  readonly onError?: (error: unknown) => void;
  /** Called where something was mended. */
  readonly onReport?: (report: ReconcileReport) => void;
}

export interface Maintenance {
  /** Ends the loop after the turn under way. */
  stop(): Promise<void>;
}

/** Relays and reconciles until stopped. Every API and worker process runs it; of the fleet, one at a time works. */
export function startMaintenance(
  database: Database,
  queue: JobQueue,
  options: MaintenanceOptions = {},
): Maintenance {
  const stopped = new AbortController();
  const loop = async () => {
    while (!stopped.signal.aborted) {
      try {
        await relayOutbox(database, queue);
        if (await isUpkeepDue(database, reconcileEveryMs)) {
          const report = await reconcile(database, queue);
          if (Object.values(report).some((count) => count > 0)) options.onReport?.(report);
          await relayOutbox(database, queue);
        }
      } catch (error) {
        options.onError?.(error);
      }
      await sleep(relayEveryMs * (0.75 + Math.random() / 2), undefined, { signal: stopped.signal }).catch(
        () => undefined,
      );
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopped.abort();
      await done;
    },
  };
}
