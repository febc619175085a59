import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Best, Experiment, Page, Problem, Trial } from './replies.ts';

/** Talks to a running service over HTTP. */
export interface ApiClient {
  readonly url: string;
  submit(body: unknown): Promise<Experiment>;
  experiment(id: string): Promise<Experiment>;
  newestExperiments(limit: number): Promise<readonly Experiment[]>;
  /** Every trial of a stage, in the order of their index. */
  stageTrials(id: string, stage: string): Promise<readonly Trial[]>;
  best(id: string): Promise<Best>;
  file(path: string): Promise<Uint8Array>;
  get<T>(path: string): Promise<T>;
  /** Asks for a change; the reply's body, or undefined where it has none. */
  send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Events after `after`, until the experiment is over; survives lost connections. */
  events(id: string, after: number, signal: AbortSignal): AsyncGenerator<EventSourceMessage, void, void>;
}

/** An answer that the service gave on purpose, as opposed to one that never came. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(problem: Problem) {
    super(problem.status === 401 ? `${problem.detail} (--token or BITKILN_TOKEN names one)` : problem.detail);
    this.status = problem.status;
  }
}

const reconnectMs = 500;

/** @param token sent as a bearer token; left out where the service asks for none */
export function createApiClient(url: string, token?: string): ApiClient {
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (token !== undefined && token !== '') headers.set('authorization', `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(url + path, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new Error(
        `no service answers at ${url}; start one with \`npx bitkiln up\`, or name it with --url`,
      );
    }
    if (!response.ok) throw new ApiError((await response.json()) as Problem);
    return response;
  };
  const get = async <T>(path: string): Promise<T> => (await request(path)).json() as Promise<T>;
  const all = async <T>(path: string): Promise<T[]> => {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const suffix: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await get(`${path}${suffix}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  };
  const send = async <T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> => {
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await request(path, { method, ...(body === undefined ? {} : json) });
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  return {
    url,
    get,
    send,
    submit: (body) => send('POST', '/experiments', body),
    experiment: (id) => get(`/experiments/${id}`),
    newestExperiments: async (limit) => (await get<Page<Experiment>>(`/experiments?limit=${limit}`)).items,
    stageTrials: async (id, stage) => {
      const trials = await all<Trial>(`/experiments/${id}/trials?stage=${stage}&limit=500`);
      return trials.sort((a, b) => a.index - b.index);
    },
    best: (id) => get(`/experiments/${id}/best`),
    file: async (path) => new Uint8Array(await (await request(path)).arrayBuffer()),
    async *events(id, after, signal) {
      let last = after;
      while (!signal.aborted) {
        try {
          const response = await request(`/experiments/${id}/events?after=${last}`, { signal });
          if (response.status === 204 || response.body === null) return;
          for await (const message of messages(response.body)) {
            if (message.id !== undefined) last = Number(message.id);
            yield message;
          }
        } catch (error) {
          if (error instanceof ApiError || signal.aborted) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, reconnectMs));
      }
    },
  };
}

async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage, void, void> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => ready.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* ready.splice(0);
  }
}
