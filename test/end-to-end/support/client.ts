import { setTimeout as sleep } from 'node:timers/promises';

/** What the tests read of the API's replies; the API's own tests hold their whole form. */
interface ExperimentReply {
  readonly id: string;
  readonly state: string;
  readonly failureReason: string | null;
}

interface TrialReply {
  readonly id: string;
  readonly stage: string;
  readonly index: number;
  readonly state: string;
  readonly attempts: number;
  readonly failures: number;
  readonly preemptions: number;
  readonly epochsDone: number;
}

interface TrialDetailReply extends TrialReply {
  readonly checkpoints: readonly { readonly kind: string; readonly sha256: string }[];
}

interface EpochReply {
  readonly epoch: number;
  readonly attempt: number;
  readonly validationLoss: number;
}

interface WinnerReply {
  readonly trialId: string;
  readonly totalBytes: number;
  readonly testCorrect: number;
  readonly testTotal: number;
  readonly models: Readonly<Record<'json' | 'h5', { readonly href: string; readonly sha256: string }>>;
}

interface Page<T> {
  readonly items: readonly T[];
}

export interface Client {
  submit(body: object): Promise<ExperimentReply>;
  experiment(id: string): Promise<ExperimentReply>;
  cancel(id: string): Promise<void>;
  /** Waits until the experiment is over. */
  finished(id: string): Promise<ExperimentReply>;
  /** In the order of stage and index. */
  trials(experimentId: string): Promise<readonly TrialReply[]>;
  trial(id: string): Promise<TrialDetailReply>;
  epochs(trialId: string): Promise<readonly EpochReply[]>;
  winner(experimentId: string): Promise<WinnerReply>;
  download(href: string): Promise<Uint8Array>;
}

export function createClient(url: string): Client {
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(new URL(path, url), init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const get = async <T>(path: string) => (await (await request(path)).json()) as T;
  return {
    submit: async (body) => {
      const headers = { 'content-type': 'application/json' };
      const response = await request('/experiments', { method: 'POST', headers, body: JSON.stringify(body) });
      return (await response.json()) as ExperimentReply;
    },
    experiment: (id) => get(`/experiments/${id}`),
    cancel: async (id) => {
      await request(`/experiments/${id}/cancel`, { method: 'POST' });
    },
    finished: async (id) => {
      for (;;) {
        const experiment = await get<ExperimentReply>(`/experiments/${id}`);
        if (['succeeded', 'failed', 'cancelled'].includes(experiment.state)) return experiment;
        await sleep(200);
      }
    },
    trials: async (id) => (await get<Page<TrialReply>>(`/experiments/${id}/trials?limit=100`)).items,
    trial: (id) => get(`/trials/${id}`),
    epochs: async (id) => (await get<Page<EpochReply>>(`/trials/${id}/epochs?limit=100`)).items,
    winner: (id) => get(`/experiments/${id}/best`),
    download: async (href) => new Uint8Array(await (await request(href)).arrayBuffer()),
  };
}
