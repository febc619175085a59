import { type Curve, type Curves, type StageName, stageNames } from '../../api/types.ts';
import { CurvesChart, type Metric } from '../../charts/curves-chart.tsx';
import { links, navigate } from '../../router/router.ts';
import { Panel, Tabs } from '../../ui/parts.tsx';
import type { ExperimentStore } from './experiment-store.ts';

const titles: Readonly<Record<StageName, string>> = {
  float: 'Float',
  movingScales: 'Moving',
  frozenScales: 'Frozen',
};

export const stageOptions = stageNames.map((name) => [name, titles[name]] as const);

const none: readonly Curve[] = [];

/** The learning curves of a stage's trials, by one figure. */
export function CurvesPanel(props: {
  readonly store: ExperimentStore;
  readonly stage: StageName;
  readonly metric: Metric;
  readonly onStage: (stage: StageName) => void;
}) {
  const { store, stage, metric, onStage } = props;
  const experiment = store.experiment.value!;
  const { settings, pickedTrialId } = experiment.stages.find(({ name }) => name === stage)!;
  const curves = store.curves.value.get(stage);
  const trials = curves?.trials ?? none;
  const note = metric === 'accuracy' && curves !== undefined ? noteOn(curves) : '';
  const first = metric === 'loss';
  return (
    <Panel
      title={first ? 'Validation loss' : 'Validation accuracy'}
      hint={first ? undefined : 'by epoch'}
      tools={
        first && <Tabs label="Stage of the curves" options={stageOptions} value={stage} onChange={onStage} />
      }
    >
      <CurvesChart
        trials={trials}
        epochs={settings.epochs}
        metric={metric}
        stage={stage}
        pickedId={pickedTrialId}
        hovered={store.hovered}
        version={store.version}
        onOpen={(id) => navigate(links.trial(id))}
      />
      {note !== '' && <p class="chart-note faint">{note}</p>}
    </Panel>
  );
}

/** What the curves show otherwise than the rest, or do not show. */
function noteOn({ trials, repeats }: Curves): string {
  const invalid = trials.filter((trial) => trial.invalid).length;
  const parts = [
    ...(invalid === 0 ? [] : [`dashed: ${invalid} declared invalid`]),
    ...(repeats === 0 ? [] : [`${repeats} ${repeats === 1 ? 'repeat' : 'repeats'} left out`]),
  ];
  return parts.join('; ');
}
