import { selectByZScore } from '@bitkiln/core';
import { useMemo } from 'preact/hooks';
import type { Curve, StageName, StageSelection } from '../../api/types.ts';
import { SelectionPlot } from '../../charts/selection-plot.tsx';
import type { ScoreRule, Standing } from '../../charts/selection-view.ts';
import { count, stageTitle } from '../../format/format.ts';
import { Panel } from '../../ui/parts.tsx';
import { currentStage, type ExperimentStore } from './experiment-store.ts';

interface Choice {
  readonly standings: readonly Standing[];
  readonly rule: ScoreRule | null;
  readonly chosenId: string | null;
  readonly runnerUpId: string | null;
  readonly hint: string;
}

/** How the last stage's winner is chosen: as recorded, or as it would be if the stage ended now. */
export function SelectionPanel({ store }: { readonly store: ExperimentStore }) {
  const version = store.version.value;
  const recorded = store.selections.value.find(({ stage }) => stage === 'frozenScales');
  const stage = currentStage(store.experiment.value!);
  const trials = store.curves.value.get(stage)?.trials;
  const choice = useMemo(
    () => (recorded === undefined ? provisional(stage, trials ?? []) : fromRecord(recorded)),
    // Trials change in place, and their version says when.
    [recorded, stage, trials, recorded === undefined ? version : 0],
  );
  return (
    <Panel title="Selection" hint={choice?.hint}>
      {choice === null ? (
        <p class="faint small chart-blank">
          When trials have epochs, each is a dot here: its loss against its accuracy.
        </p>
      ) : (
        <SelectionPlot {...choice} hovered={store.hovered} />
      )}
    </Panel>
  );
}

function fromRecord({
  scores,
  weight,
  details,
  images,
  chosenTrialId,
  runnerUpTrialId,
}: StageSelection): Choice {
  const { loss, accuracy, samplingDeviation, line } = details;
  const complete =
    weight !== null && loss !== undefined && accuracy !== undefined && samplingDeviation !== undefined;
  return {
    standings: scores.map(({ trialId, index, validationLoss, validationAccuracy, score }) => ({
      id: trialId,
      index,
      loss: validationLoss,
      accuracy: validationAccuracy,
      score,
    })),
    rule: complete ? { weight, loss, accuracy, samplingDeviation, line: line ?? null } : null,
    chosenId: chosenTrialId,
    runnerUpId: runnerUpTrialId,
    hint: `blue band: chance on ${count(images)} images`,
  };
}

/** Images behind an accuracy while no selection has said: what the protocol's split has. */
const validationImages = 10_000;

function provisional(stage: StageName, all: readonly Curve[]): Choice | null {
  const trials = all.filter(isJudged);
  if (trials.length === 0) return null;
  if (stage !== 'frozenScales') return greedy(trials, stageTitle(stage).toLowerCase());
  const { index, runnerUp, ...rule } = selectByZScore(
    trials.map(({ lowestLoss }) => ({
      checkpointValLoss: lowestLoss.validationLoss,
      checkpointValAccuracy: lowestLoss.validationAccuracy,
    })),
    validationImages,
  );
  return {
    standings: trials.map((trial, place) => toStanding(trial, rule.scores[place]!)),
    rule,
    chosenId: trials[index]!.id,
    runnerUpId: runnerUp === null ? null : trials[runnerUp]!.id,
    hint: 'as it would be if the stage ended now',
  };
}

type Judged = Curve & { readonly lowestLoss: NonNullable<Curve['lowestLoss']> };

function isJudged(trial: Curve): trial is Judged {
  return trial.lowestLoss !== null && trial.state !== 'failed' && !trial.invalid;
}

function greedy(trials: readonly Judged[], stage: string): Choice {
  const best = (trial: Judged) => trial.highestAccuracy?.validationAccuracy ?? 0;
  const ahead = trials.reduce((first, trial) => (best(trial) > best(first) ? trial : first));
  return {
    standings: trials.map((trial) => toStanding(trial, null)),
    rule: null,
    chosenId: ahead.id,
    runnerUpId: null,
    hint: `${stage}: the highest accuracy of any epoch goes on`,
  };
}

function toStanding({ id, index, lowestLoss }: Judged, score: number | null): Standing {
  return { id, index, loss: lowestLoss.validationLoss, accuracy: lowestLoss.validationAccuracy, score };
}
