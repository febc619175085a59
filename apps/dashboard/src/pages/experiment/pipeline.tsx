import type { Curve, Experiment, Stage, StageSelection } from '../../api/types.ts';
import { count, percent, stageTitle } from '../../format/format.ts';
import { links } from '../../router/router.ts';
import { ProgressBar, StateChip } from '../../ui/parts.tsx';
import type { ExperimentStore } from './experiment-store.ts';

const stories: Readonly<Record<Stage['name'], string>> = {
  float: 'From fresh random starts, unquantized',
  movingScales: 'Quantized; the scales learn too',
  frozenScales: 'Quantized; scales stand still',
};

/** Above this many, a stage's trials are shown as one bar. */
const mostCells = 160;

/** The stages in order, and the trial that each hands to the next. */
export function Pipeline(props: { readonly store: ExperimentStore; readonly experiment: Experiment }) {
  const { store, experiment } = props;
  return (
    <ol class="pipeline" aria-label="Stages">
      {experiment.stages.map((stage, place) => (
        <li key={stage.name} data-stage={stage.name} data-state={stage.state}>
          <StageCard
            stage={stage}
            last={place === experiment.stages.length - 1}
            trials={store.curves.value.get(stage.name)?.trials ?? []}
            selection={store.selections.value.find((made) => made.stage === stage.name)}
            store={store}
          />
        </li>
      ))}
    </ol>
  );
}

function StageCard(props: {
  readonly stage: Stage;
  readonly last: boolean;
  readonly trials: readonly Curve[];
  readonly selection: StageSelection | undefined;
  readonly store: ExperimentStore;
}) {
  const { stage, last, trials, selection, store } = props;
  const { settings, trials: counts } = stage;
  const done = counts.succeeded + counts.failed;
  const chosen = selection?.scores.find(({ trialId }) => trialId === selection.chosenTrialId);
  return (
    <section class="stage" aria-label={stageTitle(stage.name)}>
      <header>
        <h2>{stageTitle(stage.name)}</h2>
        <StateChip state={stage.state} />
        <span class="spacer" />
        <span class="stage-count">
          <strong>{count(done)}</strong> of {count(settings.trials)}
        </span>
      </header>
      {settings.trials <= mostCells ? (
        <div class="shelf" aria-hidden="true">
          {Array.from({ length: settings.trials }, (_, index) => (
            <Cell
              key={index}
              trial={trials[index]}
              epochs={settings.epochs}
              picked={trials[index] !== undefined && trials[index].id === stage.pickedTrialId}
              store={store}
            />
          ))}
        </div>
      ) : (
        <div class="shelf-bar">
          <ProgressBar value={stage.progress} label={`progress of ${stageTitle(stage.name)}`} />
        </div>
      )}
      <footer>
        {chosen === undefined ? (
          <span class="faint truncate">
            {stories[stage.name]} · {settings.epochs} epochs
          </span>
        ) : (
          <span class="carried truncate">
            <a href={links.trial(chosen.trialId)}>Trial {chosen.index}</a> {last ? 'wins' : 'goes on'}
            <span class="dim">
              {' '}
              ·{' '}
              {last
                ? `accuracy ${percent(chosen.validationAccuracy)}`
                : `best accuracy ${percent(chosen.bestAccuracy)}`}
            </span>
          </span>
        )}
        {counts.failed > 0 && <span class="failed">{counts.failed} failed</span>}
      </footer>
    </section>
  );
}

/** A trial on the kiln's shelf: it fills as its epochs pass. */
function Cell(props: {
  readonly trial: Curve | undefined;
  readonly epochs: number;
  readonly picked: boolean;
  readonly store: ExperimentStore;
}) {
  const { trial, epochs, picked, store } = props;
  // Trials change in place: without this, the same trial would not be drawn again.
  void store.version.value;
  const fill = <span style={{ height: `${((trial?.epochsDone ?? 0) / epochs) * 100}%` }} />;
  if (trial === undefined) return <span class="cell">{fill}</span>;
  return (
    <a
      class="cell"
      href={links.trial(trial.id)}
      tabIndex={-1}
      data-state={trial.state}
      data-picked={picked}
      data-lit={store.hovered.value === trial.id}
      title={`Trial ${trial.index}: ${trial.state}, epoch ${trial.epochsDone} of ${epochs}`}
      onMouseEnter={() => {
        store.hovered.value = trial.id;
      }}
      onMouseLeave={() => {
        store.hovered.value = null;
      }}
    >
      {fill}
    </a>
  );
}
