import { effect, signal } from '@preact/signals';
import { type ApiError, get, toApiError } from '../../api/client.ts';
import {
  type Curves,
  type Experiment,
  type StageName,
  type StageSelection,
  stageNames,
  type Winner,
} from '../../api/types.ts';
import { followExperiment } from '../../live/follow-experiment.ts';
import { connections, onDeleted } from '../../live/service.ts';
import { applyToCurves, type TrialEvent } from './apply-event.ts';

export interface LoggedEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type ExperimentStore = ReturnType<typeof createExperimentStore>;

const pointsAStage = 30_000;
/** How far back the log begins, and how long it grows. */
const logged = 300;
const refreshMs = 700;
/** Drawing thousands of trials anew costs more, and one of them moves less of the picture. */
const [drawMs, drawManyMs, many] = [120, 500, 1000];
/** Events after which a trial is not what its curve says: the stage is read anew. */
const rewriting: ReadonlySet<string> = new Set([
  'trial.restarted',
  'trial.reopened',
  'trial.invalidated',
  'trial.repeat-queued',
]);

/**
 * An experiment as its page shows it: read once, then kept up to date by its events. Curves grow by each epoch's
 * event; the counts, which many events change at once, are read again at most every 0.7 s while events come.
 */
export function createExperimentStore(id: string) {
  const experiment = signal<Experiment | null>(null);
  const error = signal<ApiError | null>(null);
  const deleted = signal(false);
  /** Whether curves and selections have been read: the rest is there sooner. */
  const loaded = signal(false);
  const curves = signal<ReadonlyMap<StageName, Curves>>(new Map());
  /** Grows when a curve has grown: the charts' sign to draw. */
  const version = signal(0);
  const selections = signal<readonly StageSelection[]>([]);
  const winner = signal<Winner | null>(null);
  const events = signal<readonly LoggedEvent[]>([]);
  /** The trial under the pointer, in whichever panel. */
  const hovered = signal<string | null>(null);

  const abort = new AbortController();
  /** Events of stages that are being read. */
  const unread = new Map<StageName, { type: string; event: TrialEvent }[]>();
  let lastSequence = 0;
  let stopFollowing = () => {};
  const stopListening = onDeleted((gone) => {
    if (gone === id) end();
  });
  let refreshTimer: ReturnType<typeof setTimeout> | undefined;
  let drawTimer: ReturnType<typeof setTimeout> | undefined;
  let pending: LoggedEvent[] = [];

  async function load(): Promise<void> {
    try {
      const found = await get<Experiment>(`/experiments/${id}`, abort.signal);
      experiment.value = found;
      const begun = found.stages.filter(({ state, epochsDone }) => state !== 'waiting' || epochsDone > 0);
      const [read] = await Promise.all([
        Promise.all(begun.map(({ name }) => readCurves(name))),
        readSelections(),
        readWinner(found),
      ]);
      curves.value = new Map(read.map((stage) => [stage.stage, stage]));
      loaded.value = true;
      error.value = null;
      // Curves may be older than what was read after them, never newer: from the oldest on, events bring all.
      lastSequence = Math.max(0, found.lastEventId - logged);
      stopFollowing = followExperiment(id, {
        after: () => lastSequence,
        onMessage: ({ id: sequence, event, data }) => receive(Number(sequence), event ?? '', data),
        onGone: end,
      });
    } catch (reason) {
      if (!abort.signal.aborted) error.value = toApiError(reason);
    }
  }

  /** The experiment is gone: nothing more can be read of it. */
  function end(): void {
    deleted.value = true;
    close();
  }

  function close(): void {
    abort.abort();
    stopFollowing();
    stopListening();
    stopRetrying();
    clearTimeout(refreshTimer);
    clearTimeout(drawTimer);
  }

  function readCurves(stage: StageName): Promise<Curves> {
    return get(`/experiments/${id}/curves?stage=${stage}&points=${pointsAStage}`, abort.signal);
  }

  async function readSelections(): Promise<void> {
    const read = await get<{ selections: StageSelection[] }>(`/experiments/${id}/selections`, abort.signal);
    selections.value = read.selections;
  }

  async function readWinner({ state }: Experiment): Promise<void> {
    if (state === 'succeeded') winner.value = await get(`/experiments/${id}/best`, abort.signal);
  }

  function receive(sequence: number, type: string, json: string): void {
    if (sequence <= lastSequence) return;
    lastSequence = sequence;
    const data = JSON.parse(json) as LoggedEvent['data'];
    pending.push({ sequence, type, data });
    const stage = data.stage as StageName | undefined;
    const event = data as unknown as TrialEvent;
    const known = stage === undefined ? undefined : curves.value.get(stage);
    if (stage !== undefined && type.startsWith('trial.')) {
      if (known !== undefined) applyToCurves(known, type, event);
      // What is being read may be older than this.
      unread.get(stage)?.push({ type, event });
    }
    if (stage !== undefined && (type === 'stage.started' || rewriting.has(type)) && !isReplay(sequence)) {
      void addStage(stage);
    }
    drawTimer ??= setTimeout(draw, (known?.trials.length ?? 0) > many ? drawManyMs : drawMs);
    if (!isReplay(sequence)) refreshTimer ??= setTimeout(refresh, refreshMs);
  }

  /** What the first reading knew already is replayed for the log alone. */
  function isReplay(sequence: number): boolean {
    return sequence <= (experiment.value?.lastEventId ?? 0);
  }

  function draw(): void {
    drawTimer = undefined;
    events.value = [...events.value, ...pending].slice(-logged);
    pending = [];
    version.value += 1;
  }

  /** Reads a stage that has just begun or has been rewritten, and lets it follow what happened meanwhile. */
  async function addStage(stage: StageName): Promise<void> {
    const meanwhile: { type: string; event: TrialEvent }[] = [];
    unread.set(stage, meanwhile);
    while (!abort.signal.aborted) {
      const read = await readCurves(stage).catch(() => null);
      if (unread.get(stage) !== meanwhile) return;
      if (read !== null) {
        for (const { type, event } of meanwhile) applyToCurves(read, type, event);
        unread.delete(stage);
        curves.value = new Map([...curves.value, [stage, read]]);
        version.value += 1;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, refreshMs));
    }
  }

  async function refresh(): Promise<void> {
    refreshTimer = undefined;
    try {
      const found = await get<Experiment>(`/experiments/${id}`, abort.signal);
      const picked = found.stages.filter(({ pickedTrialId }) => pickedTrialId !== null).length;
      if (picked !== selections.value.length) await readSelections();
      if (winner.value === null) await readWinner(found);
      experiment.value = found;
    } catch {
      // The service is away: its events come again, and with them the next refresh.
      if (!abort.signal.aborted) refreshTimer = setTimeout(refresh, refreshMs);
    }
  }

  void load();
  // What could not be read during an outage is read when the service is back.
  const stopRetrying = effect(() => {
    void connections.value;
    if (error.peek() !== null) void load();
  });
  return {
    id,
    experiment,
    error,
    deleted,
    loaded,
    curves,
    version,
    selections,
    winner,
    events,
    hovered,
    reload: load,
    refresh,
    close,
  };
}

/** The stage that matters most now: the one that runs, else the last that has begun. */
export function currentStage({ stages }: Experiment): StageName {
  const running = stages.find(({ state }) => state === 'running');
  const begun = stages.findLast(({ epochsDone }) => epochsDone > 0);
  return running?.name ?? begun?.name ?? stageNames[0];
}
