import { useCallback, useEffect, useState } from 'preact/hooks';
import { shownStates } from '../../api/types.ts';
import { count } from '../../format/format.ts';
import { mayActAs } from '../../live/session.ts';
import { links, query, setQuery } from '../../router/router.ts';
import { Empty, Failure, Loading, Tabs } from '../../ui/parts.tsx';
import { VirtualList } from '../../ui/virtual-list.tsx';
import { ExperimentRow, experimentRowHeight } from './experiment-row.tsx';
import { useExperiments } from './use-experiments.ts';

const states = [['', 'All'], ...shownStates.map((state) => [state, title(state)] as const)] as const;

/** All experiments: what runs, how far it is, and what won. */
export function ExperimentsPage() {
  const state = query.value.get('state') ?? '';
  const search = query.value.get('search') ?? '';
  const { items, error, complete, loadMore, reload } = useExperiments(state, search);
  const filtered = state !== '' || search !== '';
  const running = items?.filter((item) => item.finishedAt === null).length ?? 0;
  useEffect(() => {
    document.title = running > 0 ? `(${running}) bitkiln` : 'bitkiln';
  }, [running]);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Experiments</h1>
          <p class="subtitle">
            Many trials of one small network, in three stages; a rule picks the one to flash.
          </p>
        </div>
        <div class="page-actions">
          {mayActAs('submit') && (
            <a class="button primary" href={links.newExperiment}>
              New experiment
            </a>
          )}
        </div>
      </div>
      <div class="filters">
        <Search value={search} />
        <Tabs label="State" options={states} value={state} onChange={(value) => setQuery({ state: value })} />
      </div>
      <section class="panel" aria-label="Experiments">
        {error !== null && <Failure error={error} retry={reload} />}
        {error === null && items === null && <Loading height={280} />}
        {items?.length === 0 && (filtered ? <NothingFound /> : <NothingYet />)}
        {items !== null && items.length > 0 && (
          <>
            <div class="row row-head experiment-row" aria-hidden="true">
              <span>Experiment</span>
              <span>State</span>
              <span>Progress</span>
              <span class="number">Time left</span>
              <span class="number">Test accuracy</span>
              <span class="number">Bytes</span>
              <span class="number">Started</span>
            </div>
            <VirtualList
              items={items}
              rowHeight={experimentRowHeight}
              maxHeight={Math.max(420, window.innerHeight - 250)}
              label="Experiments"
              row={(item) => <ExperimentRow key={item.id} experiment={item} />}
              onNearEnd={loadMore}
            />
          </>
        )}
      </section>
      {items !== null && items.length > 0 && (
        <p class="faint small table-foot">
          {complete ? `${count(items.length)} in all` : `${count(items.length)} read; more as you scroll`}
        </p>
      )}
    </>
  );
}

/** The search goes into the address a moment after the last key. */
function Search({ value }: { readonly value: string }) {
  const [text, setText] = useState(value);
  const send = useCallback((next: string) => setQuery({ search: next.trim() }), []);
  useEffect(() => {
    const timer = setTimeout(() => send(text), 200);
    return () => clearTimeout(timer);
  }, [text, send]);
  return (
    <input
      class="input search"
      type="search"
      aria-label="Search names and networks"
      placeholder="Search names and networks"
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
    />
  );
}

function NothingYet() {
  return (
    <Empty title="The kiln is cold">
      <p>
        An experiment trains many copies of one network from different starts, quantizes the best of them, and
        picks the winner by a rule that weighs accuracy against loss.
      </p>
      {mayActAs('submit') && (
        <a class="button primary" href={links.newExperiment}>
          Start the first one
        </a>
      )}
    </Empty>
  );
}

function NothingFound() {
  return (
    <Empty title="No experiment is like that">
      <button type="button" class="button" onClick={() => setQuery({ state: null, search: null })}>
        Show all
      </button>
    </Empty>
  );
}

function title(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
