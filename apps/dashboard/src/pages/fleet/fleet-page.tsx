import { useEffect, useState } from 'preact/hooks';
import { get } from '../../api/client.ts';
import type { Page, Worker } from '../../api/types.ts';
import { ago, count } from '../../format/format.ts';
import { now } from '../../live/clock.ts';
import { onWorker } from '../../live/service.ts';
import { useResource } from '../../live/use-resource.ts';
import { links, query, setQuery } from '../../router/router.ts';
import { Empty, Failure, Loading, StateChip, Tabs } from '../../ui/parts.tsx';
import { VirtualList } from '../../ui/virtual-list.tsx';

const rowHeight = 48;
const filters = [
  ['present', 'At work'],
  ['all', 'All'],
] as const;

/** Who trains: the workers, how fast they are, and what they are at. */
export function FleetPage() {
  const { data, error, reload } = useResource('workers', readWorkers);
  const [changed, setChanged] = useState<ReadonlyMap<string, Worker>>(new Map());
  useEffect(
    () => onWorker((worker) => setChanged((before) => new Map([...before, [worker.id, worker]]))),
    [],
  );
  useEffect(() => {
    document.title = 'Fleet · bitkiln';
  }, []);
  const shown = query.value.get('show') === 'all' ? 'all' : 'present';
  if (error !== null) return <Failure error={error} retry={reload} />;
  if (data === null) return <Loading height={320} />;
  const known = new Map([...data.map((worker) => [worker.id, worker] as const), ...changed]);
  const all = [...known.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const present = all.filter(({ state }) => state === 'online' || state === 'draining');
  const workers = shown === 'all' ? all : present;
  const rate = present.reduce((sum, { samplesPerSecond }) => sum + (samplesPerSecond ?? 0), 0);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Fleet</h1>
          <p class="subtitle">Every worker trains one trial at a time; one that dies costs no epoch.</p>
        </div>
        <Tabs
          label="Workers"
          options={filters}
          value={shown}
          onChange={(value) => setQuery({ show: value === 'all' ? value : null })}
        />
      </div>
      <dl class="readouts">
        <Figure title="Workers" value={count(present.length)} />
        <Figure
          title="Training now"
          value={count(present.filter(({ currentTrialId }) => currentTrialId !== null).length)}
        />
        <Figure title="Hosts" value={count(new Set(present.map(({ host }) => host)).size)} />
        <Figure title="Samples a second, together" value={count(rate)} />
      </dl>
      <section class="panel" aria-label="Workers">
        {workers.length === 0 ? (
          <Empty title="No worker is there">
            <p>
              Trials wait until one comes: <code>npx bitkiln worker</code> on any host that reaches the
              database.
            </p>
          </Empty>
        ) : (
          <>
            <div class="row row-head worker-row" aria-hidden="true">
              <span>Worker</span>
              <span>State</span>
              <span>Trainer</span>
              <span class="number">Samples/s</span>
              <span>Trial</span>
              <span class="number">Heartbeat</span>
            </div>
            <VirtualList
              items={workers}
              rowHeight={rowHeight}
              maxHeight={rowHeight * 12}
              label="Workers"
              row={(worker) => <WorkerRow key={worker.id} worker={worker} fastest={fastest(present)} />}
            />
          </>
        )}
      </section>
    </>
  );
}

async function readWorkers(signal: AbortSignal): Promise<Worker[]> {
  const { items } = await get<Page<Worker>>('/workers?limit=500', signal);
  return [...items];
}

function fastest(workers: readonly Worker[]): number {
  return Math.max(1, ...workers.map(({ samplesPerSecond }) => samplesPerSecond ?? 0));
}

function Figure({ title, value }: { readonly title: string; readonly value: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function WorkerRow({ worker, fastest: most }: { readonly worker: Worker; readonly fastest: number }) {
  const { host, device, pid, state, trainer, numericsId, samplesPerSecond, currentTrialId } = worker;
  return (
    <div class="row worker-row" style={{ height: `${rowHeight}px` }}>
      <span class="experiment-name">
        <span class="truncate strong">{host}</span>
        <span class="truncate faint mono small">
          {device} · pid {pid}
        </span>
      </span>
      <span>
        <StateChip state={state} />
      </span>
      <span class="truncate" title={numericsId}>
        {trainer}
      </span>
      <span class="number rate">
        {samplesPerSecond === null ? '–' : count(samplesPerSecond)}
        <span class="bar" data-tone="quiet">
          <span style={{ width: `${((samplesPerSecond ?? 0) / most) * 100}%` }} />
        </span>
      </span>
      <span class="truncate">
        {currentTrialId === null ? (
          <span class="faint">idle</span>
        ) : (
          <a class="mono small" href={links.trial(currentTrialId)}>
            …{currentTrialId.slice(-8)}
          </a>
        )}
      </span>
      <span class="number faint">{ago(worker.heartbeatAt, now.value)}</span>
    </div>
  );
}
