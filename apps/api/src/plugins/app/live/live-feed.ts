import type { ExperimentBrief } from '../../../schemas/experiment.ts';
import type { Worker } from '../../../schemas/worker.ts';
import type { LateRequest } from '../audit/audit-repository.ts';

/** What a live stream sends: an experiment or a worker as it is now, or the id of an experiment that is gone. */
export type LiveMessage =
  | { readonly event: 'experiment'; readonly data: ExperimentBrief }
  | { readonly event: 'deleted'; readonly data: { readonly id: string } }
  | { readonly event: 'worker'; readonly data: Worker };

export interface LiveSources {
  /** Newest event of each experiment that may have changed since a time. */
  sequences(since: Date): Promise<Map<string, number>>;
  experiments(ids: readonly string[]): Promise<ExperimentBrief[]>;
  workers(since: Date): Promise<Worker[]>;
  /** What was asked for lately, by the number of the audit's entry. */
  requests(since: Date): Promise<Map<number, LateRequest>>;
}

export interface LiveFeedOptions {
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

/** What ended or fell silent so long ago has been told of. */
const lookBackMs = 60_000;
const mostAtOnce = 200;

/**
 * Tells listeners which experiments and workers have changed, with a few queries a tick for all of them, and none
 * while nobody listens. The first tick after a silence tells of everything that is under way, and of late deletions.
 */
export class LiveFeed {
  readonly #sources: LiveSources;
  readonly #options: LiveFeedOptions;
  readonly #listeners = new Set<(message: LiveMessage) => void>();
  #sequences = new Map<string, number>();
  #workers = new Map<string, string>();
  #requests: ReadonlyMap<number, LateRequest> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(sources: LiveSources, options: LiveFeedOptions) {
    this.#sources = sources;
    this.#options = options;
  }

  /** Calls back with each change until the returned function is called. */
  listen(listener: (message: LiveMessage) => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setTimeout(() => this.#tick(), 0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  close(): void {
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  async #tick(): Promise<void> {
    const since = new Date(Date.now() - lookBackMs);
    try {
      await this.#tellExperiments(since);
      await this.#tellWorkers(since);
      this.#failing = false;
    } catch (error) {
      // Told once: a restart of Postgres lasts many ticks.
      if (!this.#failing) this.#options.onError(error);
      this.#failing = true;
    }
    this.#timer =
      this.#listeners.size === 0 ? undefined : setTimeout(() => this.#tick(), this.#options.intervalMs);
  }

  async #tellExperiments(since: Date): Promise<void> {
    const now = await this.#sources.sequences(since);
    const requests = await this.#sources.requests(since);
    const fresh = [...requests].filter(([entry]) => !this.#requests.has(entry)).map(([, request]) => request);
    // What is under way is known by its events; what is over changes by request alone.
    const asked = fresh.filter(({ experimentId, deleted }) => !deleted && !now.has(experimentId));
    const changed = [...now].filter(([id, sequence]) => this.#sequences.get(id) !== sequence);
    const told = changed.slice(0, mostAtOnce);
    const ids = new Set([...told.map(([id]) => id), ...asked.map(({ experimentId }) => experimentId)]);
    const briefs = ids.size === 0 ? [] : await this.#sources.experiments([...ids]);
    for (const data of briefs) this.#send({ event: 'experiment', data });
    for (const { experimentId, deleted } of fresh) {
      if (deleted) this.#send({ event: 'deleted', data: { id: experimentId } });
    }
    this.#requests = requests;
    // Those that did not fit stay unknown, and so come with the next tick.
    const left = new Set(changed.slice(mostAtOnce).map(([id]) => id));
    this.#sequences = new Map([...now].filter(([id]) => !left.has(id)));
  }

  async #tellWorkers(since: Date): Promise<void> {
    const workers = await this.#sources.workers(since);
    const now = new Map(workers.map((worker) => [worker.id, JSON.stringify(worker)]));
    for (const data of workers) {
      if (this.#workers.get(data.id) !== now.get(data.id)) this.#send({ event: 'worker', data });
    }
    this.#workers = now;
  }

  #send(message: LiveMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
