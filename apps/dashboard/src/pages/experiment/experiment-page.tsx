import { useEffect, useMemo } from 'preact/hooks';
import { type StageName, shownState, stageNames } from '../../api/types.ts';
import { shortNetwork } from '../../format/format.ts';
import { links, query, setQuery } from '../../router/router.ts';
import { Deleted } from '../../ui/deleted.tsx';
import { Failure, Loading, StateChip } from '../../ui/parts.tsx';
import { Actions } from './actions.tsx';
import { CurvesPanel } from './curves-panel.tsx';
import { EventLog } from './event-log.tsx';
import { createExperimentStore, currentStage, type ExperimentStore } from './experiment-store.ts';
import { Pipeline } from './pipeline.tsx';
import { Readouts } from './readouts.tsx';
import { SelectionPanel } from './selection-panel.tsx';
import { TrialsTable } from './trials-table.tsx';
import { Verdict } from './verdict.tsx';

/** One experiment, from its first trial to why its winner won. */
export function ExperimentPage({ id }: { readonly id: string }) {
  const store = useMemo(() => createExperimentStore(id), [id]);
  useEffect(() => store.close, [store]);
  const experiment = store.experiment.value;
  const error = store.error.value;
  useEffect(() => {
    if (experiment !== null) document.title = `${experiment.name} · bitkiln`;
  }, [experiment?.name, experiment]);
  if (store.deleted.value) return <Deleted />;
  if (experiment === null) {
    return error === null ? <Loading height={420} /> : <Failure error={error} retry={store.reload} />;
  }
  return (
    <>
      <div class="page-head">
        <div>
          <div class="heading">
            <h1 class="truncate">
              {experiment.name === experiment.network ? 'Experiment' : experiment.name}
            </h1>
            <StateChip state={shownState(experiment)} />
          </div>
          <p class="subtitle mono truncate" title={experiment.network}>
            {shortNetwork(experiment.network)}
          </p>
        </div>
        <Actions store={store} experiment={experiment} />
      </div>
      {experiment.failureReason && <p class="notice">{experiment.failureReason}</p>}
      <Readouts experiment={experiment} />
      <Verdict store={store} experiment={experiment} />
      <Pipeline store={store} experiment={experiment} />
      {store.loaded.value && <Details store={store} stage={chosenStage(store)} />}
      {!store.loaded.value &&
        (error === null ? <Loading height={420} /> : <Failure error={error} retry={store.reload} />)}
    </>
  );
}

/** The stage in the address, or the one that matters most now. */
function chosenStage(store: ExperimentStore): StageName {
  const asked = query.value.get('stage');
  return stageNames.find((name) => name === asked) ?? currentStage(store.experiment.value!);
}

function Details({ store, stage }: { readonly store: ExperimentStore; readonly stage: StageName }) {
  const choose = (value: StageName) => setQuery({ stage: value });
  return (
    <>
      <div class="grid columns-3">
        <CurvesPanel store={store} stage={stage} metric="loss" onStage={choose} />
        <CurvesPanel store={store} stage={stage} metric="accuracy" onStage={choose} />
        <SelectionPanel store={store} />
      </div>
      <div class="grid columns-wide">
        <TrialsTable store={store} stage={stage} onStage={choose} />
        <EventLog store={store} />
      </div>
      <p class="faint small">
        <a href={links.experiments}>All experiments</a>
      </p>
    </>
  );
}
