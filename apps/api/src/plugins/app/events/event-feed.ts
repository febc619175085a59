import type { OutgoingEvent } from './event.ts';
import type { EventsRepository } from './events-repository.ts';

/** One experiment that streams follow: what was read of it last, and who waits for more. */
interface Watch {
  /** Sequence number of the newest event read. */
  sequence: number;
  /** The newest events, in order, up to `sequence`. */
  recent: readonly OutgoingEvent[];
  readonly wake: Set<() => void>;
  /** Ends its streams, since the experiment was deleted. */
  readonly end: () => void;
  over: boolean;
  readers: number;
}

export interface EventFeedOptions {
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
}

const batch = 500;

/**
 * Follows the events of all watched experiments with one query a tick, however many streams there are. A stream
 * that lags behind what is kept here reads the table itself.
 */
export class EventFeed {
  readonly #events: EventsRepository;
  readonly #options: EventFeedOptions;
  readonly #watches = new Map<string, Watch>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #failing = false;

  constructor(events: EventsRepository, options: EventFeedOptions) {
    this.#events = events;
    this.#options = options;
  }

  /**
   * Yields the experiment's events behind `position` in batches, and new ones as they are committed, until the
   * signal is aborted, the feed closes or the experiment is deleted. `newest` is the sequence number of its newest
   * event as the caller has just read it.
   */
  async *follow(
    experimentId: string,
    position: number,
    newest: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly OutgoingEvent[], void, void> {
    let sent = position;
    const watch = this.#watch(experimentId, newest);
    try {
      while (!signal.aborted && !this.#closed && !watch.over) {
        if (sent >= watch.sequence) {
          await this.#change(watch, signal);
          continue;
        }
        const events = await this.#behind(experimentId, watch, sent);
        if (events.length === 0) return;
        yield events;
        sent = events.at(-1)!.sequence;
      }
    } finally {
      this.#unwatch(experimentId, watch);
    }
  }

  /** Ends every stream. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watch of this.#watches.values()) wakeAll(watch);
  }

  async #behind(experimentId: string, watch: Watch, sent: number): Promise<readonly OutgoingEvent[]> {
    const first = watch.recent[0]?.sequence;
    if (first !== undefined && first <= sent + 1) {
      return watch.recent.filter(({ sequence }) => sequence > sent);
    }
    return this.#events.behind({ experimentId, sequence: sent }, batch);
  }

  #watch(experimentId: string, newest: number): Watch {
    let watch = this.#watches.get(experimentId);
    if (watch === undefined) {
      const made: Watch = {
        sequence: newest,
        recent: [],
        wake: new Set(),
        readers: 0,
        over: false,
        end: () => {
          made.over = true;
          wakeAll(made);
        },
      };
      watch = made;
      this.#watches.set(experimentId, watch);
    }
    watch.readers += 1;
    this.#timer ??= setTimeout(() => this.#tick(), 0);
    return watch;
  }

  #unwatch(experimentId: string, watch: Watch): void {
    watch.readers -= 1;
    if (watch.readers === 0) this.#watches.delete(experimentId);
  }

  #change(watch: Watch, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        watch.wake.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      watch.wake.add(done);
      signal.addEventListener('abort', done);
    });
  }

  async #tick(): Promise<void> {
    try {
      await this.#read();
      this.#failing = false;
    } catch (error) {
      // Told once: a restart of Postgres lasts many ticks.
      if (!this.#failing) this.#options.onError(error);
      this.#failing = true;
    }
    this.#timer = undefined;
    if (!this.#closed && this.#watches.size > 0) {
      this.#timer = setTimeout(() => this.#tick(), this.#options.intervalMs);
    }
  }

  async #read(): Promise<void> {
    const watched = [...this.#watches].map(([experimentId, { sequence }]) => ({ experimentId, sequence }));
    const found = await this.#events.behindAll(watched, batch);
    for (const id of await this.#events.deleted(watched)) this.#watches.get(id)?.end();
    for (const [experimentId, events] of found) {
      const watch = this.#watches.get(experimentId);
      if (watch === undefined) continue;
      watch.recent = [...watch.recent, ...events].slice(-batch);
      watch.sequence = events.at(-1)!.sequence;
      wakeAll(watch);
    }
  }
}

function wakeAll(watch: Watch): void {
  for (const wake of [...watch.wake]) wake();
}
