import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExperimentBody } from './experiments.ts';
import type { Observer } from './observer.ts';

/** One request as the driver made it; the checker reads them from a file. */
export interface Submission {
  /** The idempotency key, and the experiment's name. */
  readonly key: string;
  /** The experiment that the API named in its reply. */
  readonly experimentId: string;
}

export interface Submitter {
  /** Submits another experiment now, and keeps asking until it is acknowledged. */
  submit(): Promise<Submission>;
  /** No more are submitted; resolves once all that were are acknowledged. */
  stop(): Promise<readonly Submission[]>;
}

/** Replies that say "later". */
const laterStatus = new Set([429, 500, 502, 503, 504]);

export interface SubmitterOptions {
  readonly apiUrl: string;
  readonly bodies: readonly ExperimentBody[];
  /** Prefix of the keys. */
  readonly prefix: string;
  /** Experiments that are kept under way. */
  readonly underWay: number;
  readonly observer: Observer;
  /** Gets a line for every acknowledged submission. */
  readonly file: string;
}

/** A client that never gives up: it repeats each request under its idempotency key until the API says yes. */
export function startSubmitter(options: SubmitterOptions): Submitter {
  const submitted: Submission[] = [];
  const pending = new Set<Promise<Submission>>();
  let number = 0;
  let stopped = false;

  const ask = async (key: string, body: ExperimentBody): Promise<Submission> => {
    for (;;) {
      const response = await fetch(new URL('/experiments', options.apiUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ ...body, name: key }),
        signal: AbortSignal.timeout(10_000),
      }).catch(() => null);
      const text = await response?.text().catch(() => null);
      if (response?.ok && text) {
        const submission = { key, experimentId: (JSON.parse(text) as { id: string }).id };
        submitted.push(submission);
        appendFileSync(options.file, `${JSON.stringify(submission)}\n`);
        return submission;
      }
      if (response && !response.ok && !laterStatus.has(response.status)) {
        throw new Error(`the API refused ${key} with ${response.status}: ${text}`);
      }
      await sleep(200);
    }
  };
  const submit = () => {
    const body = options.bodies[number % options.bodies.length]!;
    const asked = ask(`${options.prefix}-${number++}`, body);
    pending.add(asked);
    asked.catch(() => undefined).finally(() => pending.delete(asked));
    return asked;
  };
  const keepBusy = async () => {
    while (!stopped) {
      const open = await options.observer.unfinished(submitted.map(({ experimentId }) => experimentId));
      if (open.length + pending.size < options.underWay) await submit();
      await sleep(250);
    }
  };
  const keeping = keepBusy();
  return {
    submit,
    stop: async () => {
      stopped = true;
      await keeping;
      while (pending.size > 0) await Promise.all(pending);
      return submitted;
    },
  };
}
