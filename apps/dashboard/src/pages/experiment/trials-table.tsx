import { memo } from 'preact/compat';
import { useMemo } from 'preact/hooks';
import type { Curve, StageName } from '../../api/types.ts';
import { loss, percent, score } from '../../format/format.ts';
import { links, query, setQuery } from '../../router/router.ts';
import { Panel, StateChip, Tabs } from '../../ui/parts.tsx';
import { VirtualList } from '../../ui/virtual-list.tsx';
import { stageOptions } from './curves-panel.tsx';
import type { ExperimentStore } from './experiment-store.ts';

const rowHeight = 34;

type Sort = 'trial' | 'loss' | 'accuracy' | 'best' | 'score';

/** What each column is ordered by, the best first; trials without a value come last. */
const keys: Readonly<Record<Sort, (trial: Curve) => number>> = {
  trial: ({ index }) => index,
  loss: ({ lowestLoss }) => lowestLoss?.validationLoss ?? Number.POSITIVE_INFINITY,
  accuracy: ({ lowestLoss }) => -(lowestLoss?.validationAccuracy ?? -1),
  best: ({ highestAccuracy }) => -(highestAccuracy?.validationAccuracy ?? -1),
  score: (trial) => -(trial.score ?? Number.NEGATIVE_INFINITY),
};

const columns: readonly (readonly [Sort, string, string])[] = [
  ['trial', 'Trial', ''],
  ['loss', 'Lowest loss', 'number'],
  ['accuracy', 'Accuracy then', 'number'],
  ['best', 'Best accuracy', 'number'],
  ['score', 'Score', 'number'],
];

/** Every trial of a stage with what the rules go by. */
export function TrialsTable(props: {
  readonly store: ExperimentStore;
  readonly stage: StageName;
  readonly onStage: (stage: StageName) => void;
}) {
  const { store, stage, onStage } = props;
  const asked = query.value.get('sort');
  const sort =
    columns.find(([name]) => name === asked)?.[0] ?? (stage === 'frozenScales' ? 'score' : 'trial');
  const version = store.version.value;
  const trials = store.curves.value.get(stage)?.trials;
  const selection = store.selections.value.find((made) => made.stage === stage);
  const rows = useMemo(
    () => ordered(withScores(trials ?? [], selection), sort),
    [trials, version, sort, selection],
  );
  return (
    <Panel
      title="Trials"
      hint={hintOf(stage, selection?.weight ?? null)}
      tools={<Tabs label="Stage of the table" options={stageOptions} value={stage} onChange={onStage} />}
      flush
    >
      <div class="row row-head trial-row">
        {columns.map(([name, title, kind]) => (
          <span key={name} class={kind}>
            <button type="button" aria-pressed={name === sort} onClick={() => setQuery({ sort: name })}>
              {title}
            </button>
          </span>
        ))}
        <span>State</span>
      </div>
      {rows.length === 0 ? (
        <p class="faint small empty-line">
          This stage has not begun: its trials start from the pick of the stage before.
        </p>
      ) : (
        <VirtualList
          items={rows}
          rowHeight={rowHeight}
          maxHeight={rowHeight * 12}
          label="Trials"
          row={(trial) => (
            <TrialRow
              key={trial.id}
              trial={trial}
              store={store}
              chosen={trial.id === selection?.chosenTrialId}
              runnerUp={trial.id === selection?.runnerUpTrialId}
            />
          )}
        />
      )}
    </Panel>
  );
}

/** The trials by a column; each key is told once, since thousands are ordered anew while they run. */
function ordered(trials: readonly Curve[], sort: Sort): readonly Curve[] {
  // They come by their place in the stage.
  if (sort === 'trial') return trials;
  const values = Float64Array.from(trials, keys[sort]);
  const places = Uint32Array.from(trials, (_, place) => place);
  places.sort((a, b) => values[a]! - values[b]! || a - b);
  return Array.from(places, (place) => trials[place]!);
}

function hintOf(stage: StageName, weight: number | null): string {
  if (weight !== null) return `score = ${weight.toFixed(3)} · z(accuracy) − z(loss)`;
  return stage === 'frozenScales'
    ? 'scored when the last one is done'
    : 'the highest accuracy of any epoch goes on';
}

function withScores(
  trials: readonly Curve[],
  selection: ExperimentStore['selections']['value'][number] | undefined,
) {
  if (selection === undefined) return trials;
  const scores = new Map(selection.scores.map((entry) => [entry.trialId, entry.score]));
  return trials.map((trial) => ({ ...trial, score: scores.get(trial.id) ?? trial.score }));
}

interface RowProps {
  readonly trial: Curve;
  readonly store: ExperimentStore;
  readonly chosen: boolean;
  readonly runnerUp: boolean;
}

/** Scrolling draws the rows that come into sight, not those that are there. */
const TrialRow = memo(function Row(props: RowProps) {
  const { trial, store, chosen, runnerUp } = props;
  // Trials change in place: without this, the same trial would not be drawn again.
  void store.version.value;
  const { lowestLoss, highestAccuracy } = trial;
  return (
    <a
      class="row trial-row"
      href={links.trial(trial.id)}
      style={{ height: `${rowHeight}px` }}
      data-lit={store.hovered.value === trial.id}
      data-chosen={chosen}
      onMouseEnter={() => {
        store.hovered.value = trial.id;
      }}
      onMouseLeave={() => {
        store.hovered.value = null;
      }}
      onFocus={() => {
        store.hovered.value = trial.id;
      }}
    >
      <span>
        {trial.index}
        {chosen && <span class="badge">{store.winner.value?.trialId === trial.id ? 'winner' : 'pick'}</span>}
        {trial.invalid && <span class="badge quiet">invalid</span>}
        {runnerUp && <span class="badge quiet">runner-up</span>}
      </span>
      <span class="number">{loss(lowestLoss?.validationLoss)}</span>
      <span class="number">{percent(lowestLoss?.validationAccuracy)}</span>
      <span class="number">{percent(highestAccuracy?.validationAccuracy)}</span>
      <span class="number strong">{score(trial.score)}</span>
      <span>
        <StateChip state={trial.state} />
      </span>
    </a>
  );
});
